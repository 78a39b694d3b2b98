"""New policies and rules while the worker works."""

import os
import queue
import signal

import pytest
import yaml

from scrubber.cli.reload import Reloader, reloading
from scrubber.cli.scrubbing import engines
from scrubber.config import load
from scrubber.core.records import Chunk, Record
from scrubber.telemetry import PoliciesReloaded, ReloadFailed, ShadowCompared
from tests.fakes.scrub_processes import in_threads

TEXT = b"ann@mail.example from 192.0.2.7"
POLICY = {"version": 1, "name": "own", "extends": "logs"}
STRICTER = POLICY | {"deny": {"values": {"from": "denied"}}}
RULE = {"id": "word", "label": "word", "pattern": r"\bfrom\b", "examples": ["it is «from» there"]}


class Happenings(queue.Queue):
    def emit(self, happening):
        if isinstance(happening, PoliciesReloaded | ReloadFailed):
            self.put(happening)

    def all(self):
        return [self.get_nowait() for _ in range(self.qsize())]


@pytest.fixture
def files(tmp_path):
    """Writes policy and rules; the configuration names both."""

    def write(policy=None, rules=None):
        for name, content in ("policy.yaml", policy), ("rules.yaml", rules):
            if content is not None:
                (tmp_path / name).write_text(content if isinstance(content, str) else yaml.safe_dump(content))

    write(POLICY, {"rules": []})
    return write


@pytest.fixture
def config(files, tmp_path):
    document = {
        "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
        "routes": [{"topics": ["app"], "policy": "own"}],
        "policies": {"own": {"file": "policy.yaml"}},
        "rules": ["rules.yaml"],
        "model": "none",
    }
    file = tmp_path / "scrubber.yaml"
    file.write_text(yaml.safe_dump(document))
    return load(file, {})


@pytest.fixture
def told():
    return Happenings()


@pytest.fixture
def process(config, told):
    process = in_threads(engines, config, told)
    yield process
    process.close()


@pytest.fixture
def reloader(config, process, told):
    return Reloader(files_of(config), process.reload, told)


def files_of(config):
    return [*config.policies.values(), *config.rules]


def chunk():
    return Chunk([Record("app", 0, 0, -1, None, TEXT, None)])


def scrubbed(process):
    return process.begin(chunk())().outcomes[0]


def look_twice(reloader):
    reloader.look()
    reloader.look()


def test_a_new_policy_holds_from_the_next_chunk_on_and_is_stamped(process, reloader, files, told):
    before = scrubbed(process)
    assert before.value == b"<EMAIL> from <IPV4>"
    files(policy=STRICTER)
    assert scrubbed(process) == before
    look_twice(reloader)
    after = scrubbed(process)
    assert after.value == b"<EMAIL> <DENIED> <IPV4>"
    assert after.headers != before.headers
    assert told.all() == [PoliciesReloaded(("policy.yaml", "rules.yaml"))]


def test_a_chunk_that_was_begun_before_keeps_its_policy(process, reloader, files):
    before = scrubbed(process)
    files(policy=STRICTER)
    finish = process.begin(chunk())
    look_twice(reloader)
    behind = process.begin(chunk())
    assert finish().outcomes == [before]
    assert behind().outcomes[0].value == b"<EMAIL> <DENIED> <IPV4>"


def test_new_rules_hold_too(process, reloader, files):
    files(rules={"rules": [RULE]})
    look_twice(reloader)
    assert scrubbed(process).value == b"<EMAIL> <WORD> <IPV4>"


def test_files_that_stay_are_not_read_again(reloader, told):
    for _ in range(3):
        reloader.look()
    assert told.all() == []


def test_a_file_that_is_still_being_written_is_not_taken_up(reloader, files, told):
    for number in range(3):
        files(policy=STRICTER | {"description": "x" * number})
        reloader.look()
        assert told.all() == []
    reloader.look()
    assert [type(happening) for happening in told.all()] == [PoliciesReloaded]


@pytest.mark.parametrize(
    "wrong",
    [
        (
            {"policy": POLICY | {"labels": {"email": {"treshold": 1}}}},
            "policies.own.labels.email.treshold: unknown key",
        ),
        ({"policy": "no: [policy"}, "policy.yaml"),
        ({"rules": {"rules": [RULE | {"examples": ["«x»"]}]}}, "rules.word.examples[0]"),
    ],
)
def test_what_is_wrong_is_told_once_and_the_old_stays_in_force(process, reloader, files, told, wrong):
    before = scrubbed(process)
    content, problem = wrong
    files(**content)
    for _ in range(3):
        look_twice(reloader)
    (failed,) = told.all()
    assert isinstance(failed, ReloadFailed)
    assert any(problem in each for each in failed.problems)
    assert scrubbed(process) == before
    files(policy=STRICTER, rules={"rules": []})
    look_twice(reloader)
    assert scrubbed(process).value == b"<EMAIL> <DENIED> <IPV4>"


def test_a_file_that_is_gone_is_told_and_the_old_stays_in_force(process, reloader, config, told):
    config.policies["own"].unlink()
    look_twice(reloader)
    assert [type(happening) for happening in told.all()] == [ReloadFailed]
    assert scrubbed(process).value == b"<EMAIL> from <IPV4>"


def test_a_signal_asks_for_a_look_at_once(config, process, files, told, monkeypatch):
    monkeypatch.setattr("scrubber.cli.reload.POLL_SECS", 600)
    before = signal.getsignal(signal.SIGHUP)
    with reloading(files_of(config), process.reload, told):
        files(policy=STRICTER)
        os.kill(os.getpid(), signal.SIGHUP)
        assert isinstance(told.get(timeout=60), PoliciesReloaded)
        assert scrubbed(process).value == b"<EMAIL> <DENIED> <IPV4>"
    assert signal.getsignal(signal.SIGHUP) == before


def test_files_are_watched_without_being_asked(config, process, files, told, monkeypatch):
    monkeypatch.setattr("scrubber.cli.reload.POLL_SECS", 0.02)
    with reloading(files_of(config), process.reload, told):
        files(policy=STRICTER)
        assert isinstance(told.get(timeout=60), PoliciesReloaded)


def test_a_policy_is_tried_beside_the_one_in_force_and_is_read_again_too(files, tmp_path, told):
    document = {
        "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
        "routes": [{"topics": ["app"], "shadow": "own"}],
        "policies": {"own": {"file": "policy.yaml"}},
        "model": "none",
    }
    (tmp_path / "shadow.yaml").write_text(yaml.safe_dump(document))
    seen = []

    class Both(Happenings):
        def emit(self, happening):
            seen.append(happening)

    process = in_threads(engines, load(tmp_path / "shadow.yaml", {}), Both())
    before = scrubbed(process)
    files(policy=STRICTER)
    process.reload()
    assert scrubbed(process) == before
    compared = [happening for happening in seen if isinstance(happening, ShadowCompared)]
    assert [each.differing for each in compared] == [0, 1]
    assert ("denied", "shadow", 1) in compared[1].findings
    process.close()
