"""`scrubber console` as a process, and where it agrees to listen."""

import json
import signal
import sys
import urllib.error
import urllib.request

import pytest
import yaml

from scrubber.cli import main
from scrubber.cli.exits import Exit
from scrubber.config import load
from scrubber.config.console import is_loopback
from scrubber.errors import ConfigError
from tests.command_line import process
from tests.console.conftest import TOKEN


def asked(url, token=None, body=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, data=body and json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_answers_and_stops_without_a_word_of_what_was_typed(tmp_path, stop):
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    with process("console", "--port", "0", "--rules-only", "--token-file", str(token)) as started:
        url = started.stderr.readline().decode().split()[-1]
        told = asked(f"{url}api/examine", TOKEN, {"text": "ann@mail.example"})
        with pytest.raises(urllib.error.HTTPError, match="401"):
            asked(f"{url}api/setup")
        started.send_signal(stop)
        out, err = started.communicate(timeout=30)
    assert told["clean"] == "<EMAIL>"
    assert (out.strip(), err.strip()) == (b"", b"")
    assert started.returncode in {0, -stop, Exit.INTERRUPTED}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "console.example"])
def test_others_are_let_in_with_a_token_only(host, capfd, monkeypatch):
    monkeypatch.delenv("SCRUBBER_CONSOLE_TOKEN", raising=False)
    assert main(["console", "--host", host, "--port", "0"]) == Exit.CONFIG
    assert "token: missing" in capfd.readouterr().err


def test_a_token_that_can_be_guessed_is_none(capfd, monkeypatch):
    monkeypatch.setenv("SCRUBBER_CONSOLE_TOKEN", "short")
    assert main(["console", "--port", "0"]) == Exit.CONFIG
    told = capfd.readouterr().err
    assert "fewer than 16 characters" in told
    assert "short" not in told


@pytest.mark.parametrize("token", ["a tökén of some length", " a token with a blank", "a token with\na line end"])
def test_a_token_that_no_browser_can_send_is_none(token, capfd, monkeypatch):
    monkeypatch.setenv("SCRUBBER_CONSOLE_TOKEN", token)
    assert main(["console", "--port", "0"]) == Exit.CONFIG
    told = capfd.readouterr().err
    assert "cannot send" in told
    assert token not in told


def test_an_address_that_cannot_be_had_is_told(capfd, monkeypatch):
    monkeypatch.setenv("SCRUBBER_CONSOLE_TOKEN", TOKEN)
    assert main(["console", "--host", "192.0.2.1", "--port", "8600", "--rules-only"]) == Exit.CONFIG
    assert "cannot listen on 192.0.2.1, port 8600" in capfd.readouterr().err


def test_a_metrics_address_that_is_a_file_is_refused(capfd):
    assert main(["console", "--metrics-url", "file:///etc/hostname"]) == Exit.CONFIG
    assert "http" in capfd.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_known(host):
    assert is_loopback(host)


@pytest.fixture
def configured(tmp_path):
    def write(**console):
        file = tmp_path / "scrubber.yaml"
        kafka = {"bootstrap_servers": "kafka.example:9092", "group_id": "g"}
        file.write_text(yaml.safe_dump({"kafka": kafka, "routes": [{"topics": ["app"]}], "console": console}))
        return file

    return write


def test_beside_the_worker_the_same_rules_hold(configured, tmp_path):
    assert load(configured(), {}).console.enabled is False
    assert load(configured(enabled=True), {}).console.host == "127.0.0.1"
    for wrong, path in (
        ({"enabled": True, "host": "0.0.0.0"}, "console.token"),
        ({"enabled": True, "token": "short"}, "console.token"),
        ({"enabled": True, "token_file": "nothing-there"}, "console.token_file"),
        ({"enabled": True, "token_file": "t", "token": TOKEN}, "console.token_file"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(configured(**wrong), {})
        assert [problem.path for problem in caught.value.problems] == [path]
    (tmp_path / "t").write_text(f"{TOKEN}\n")
    console = load(configured(enabled=True, host="0.0.0.0", token_file="t"), {}).console
    assert console.token == TOKEN
    assert TOKEN not in repr(console)
    assert load(configured(enabled=True), {"SCRUBBER_CONSOLE_TOKEN": TOKEN}).console.token == TOKEN


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_its_extra_it_says_which_one(missing, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["console"]) == Exit.CONFIG
    assert (
        f"console: the package '{missing}' is not installed (pip install 'scrubber[console]')" in capfd.readouterr().err
    )
