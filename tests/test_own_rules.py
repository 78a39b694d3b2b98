"""Rules of the user's own in the configuration of the worker."""

import pytest
import yaml

from scrubber.cli.wiring import worker_engine
from scrubber.config import load
from scrubber.core.records import Chunk, Record
from scrubber.errors import ConfigError

RULE = {"id": "badge", "label": "badge", "pattern": r"\bB-\d{6}\b", "examples": ["«B-123456»"]}


@pytest.fixture
def config(tmp_path):
    def write(**rule_files):
        for name, rules in rule_files.items():
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"rules": rules}, allow_unicode=True))
        document = {
            "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
            "routes": [{"topics": ["app"]}],
            "rules": [f"{name}.yaml" for name in rule_files],
        }
        file = tmp_path / "scrubber.yaml"
        file.write_text(yaml.safe_dump(document))
        return load(file, {})

    return write


def test_the_worker_asks_them_beside_the_built_in_ones(config):
    engine = worker_engine(config(own=[RULE]), ())
    (clean,) = engine.scrub(Chunk([Record("app", 0, 0, -1, None, b"B-654321 ann@mail.example", None)])).outcomes
    assert clean.value == b"<BADGE> <EMAIL>"


def test_what_is_wrong_with_any_of_them_is_told_when_the_configuration_is_read(config):
    with pytest.raises(ConfigError) as wrong:
        config(one=[RULE | {"pattern": "(?<=x)y"}], two=[RULE, RULE | {"id": "email"}])
    assert {problem.path for problem in wrong.value.problems} == {"one.yaml.badge.pattern", "two.yaml.email"}


def test_a_rule_that_misses_its_example_is_told_when_the_configuration_is_read(config):
    with pytest.raises(ConfigError, match=r"badge\.examples"):
        config(own=[RULE | {"examples": ["«B-12»"]}])


def test_a_file_that_is_not_there_is_told(config, tmp_path):
    config(own=[RULE])
    (tmp_path / "own.yaml").unlink()
    with pytest.raises(ConfigError, match=r"rules\[0\]: .*No such file"):
        load(tmp_path / "scrubber.yaml", {})
