"""The console in the process of the worker: its policies, none of its keys, its own numbers."""

import base64
import json
import sys
import time
import urllib.request
from contextlib import ExitStack

import pytest
import yaml

from scrubber.cli.console.beside import ConsoleServing, beside_worker
from scrubber.cli.observing import observing
from scrubber.config import load
from scrubber.core.actions import build_action
from scrubber.core.actions.base import Numbering
from scrubber.core.policy_schema import HashSpec
from scrubber.errors import ConfigError
from scrubber.telemetry.metrics import Metrics

KEY = bytes(range(32))
EMAIL = "ann@mail.example"
OWN = {"version": 1, "name": "own", "extends": "logs", "labels": {"email": {"action": "hash"}}}


class Heard:
    def __init__(self):
        self.happenings = []

    def emit(self, happening):
        self.happenings.append(happening)


@pytest.fixture
def configured(tmp_path):
    def write(**console):
        (tmp_path / "own.yaml").write_text(yaml.safe_dump(OWN))
        (tmp_path / "key").write_bytes(base64.b64encode(KEY))
        settings = {
            "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
            "routes": [{"topics": ["app"], "policy": "mine"}],
            "policies": {"mine": {"file": "own.yaml"}},
            "keys": {"files": {"k1": "key"}},
            "model": {"kind": "none"},
            "console": {"enabled": True, "port": 0, **console},
        }
        (tmp_path / "scrubber.yaml").write_text(yaml.safe_dump(settings))
        return load(tmp_path / "scrubber.yaml", {})

    return write


@pytest.fixture
def ask(configured):
    with ExitStack() as stack:
        heard, metrics = Heard(), Metrics("1.2.3")
        stack.enter_context(beside_worker(configured(), metrics.registry, heard))
        [serving] = heard.happenings
        assert isinstance(serving, ConsoleServing)

        def asked(path, body=None):
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(
                f"{serving.url}{path}", data=body and json.dumps(body).encode(), headers=headers
            )
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.loads(response.read())

        yield asked


def test_the_worker_s_own_policies_come_first_and_no_model(ask):
    told = ask("api/setup")
    assert told["bases"][0]["name"] == "mine"
    assert told["models"] == ["rules only"]


def test_hashes_made_there_are_not_those_of_the_stream(ask, configured):
    """Else whoever reaches the page could try values until one has the hash that is in the clean topic."""
    of_the_stream = build_action(HashSpec(type="hash"), configured().keys).render(EMAIL, "email", Numbering())
    told = ask("api/examine", {"text": EMAIL, "draft": {"base": "mine"}})
    assert told["found"][0]["action"] == "hash"
    assert told["clean"] != of_the_stream
    assert "k1" not in told["clean"]


def test_the_numbers_are_those_of_this_process(ask):
    deadline = time.monotonic() + 30
    while not (running := ask("api/live")["running"]) and time.monotonic() < deadline:  # nobody has looked yet
        time.sleep(0.05)
    assert running["version"] == [{"version": "1.2.3"}]


def test_an_address_that_is_taken_stops_the_worker_before_it_starts(configured):
    with beside_worker(configured(), Metrics("1").registry, heard := Heard()):
        port = int(heard.happenings[0].url.rstrip("/").rpartition(":")[2])
        with pytest.raises(ConfigError, match="cannot listen"), observing(configured(port=port)):
            pass


def test_without_its_extra_it_says_which_one(configured, monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(ConfigError, match=r"console\.enabled: .*scrubber\[console\]"), observing(configured()):
        pass
