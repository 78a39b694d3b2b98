"""What the configuration asks for is there, and nothing else."""

import sys

import pytest
import yaml

from scrubber.cli.observing import observing
from scrubber.config import load
from scrubber.errors import ConfigError


@pytest.fixture
def configured(tmp_path):
    def write(**sections):
        settings = {
            "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
            "routes": [{"topics": ["app"]}],
            "model": "none",
            **sections,
        }
        (tmp_path / "scrubber.yaml").write_text(yaml.safe_dump(settings))
        return load(tmp_path / "scrubber.yaml", {})

    return write


@pytest.mark.parametrize(("http", "counts"), [({"enabled": True, "port": 0}, True), ({}, False)])
def test_numbers_are_kept_only_where_somebody_may_ask_for_them(configured, http, counts):
    with observing(configured(http=http)) as observed:
        assert (observed.on_statistics is not None) is counts


def test_traces_without_their_extra_say_which_one(configured, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    config = configured(tracing={"endpoint": "http://collector.example:4318/v1/traces"})
    with pytest.raises(ConfigError, match=r"tracing\.endpoint: .*scrubber\[tracing\]"), observing(config):
        pass
