"""A tool that cannot be had is left out by its name; one that cannot be made is a failure."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools import go, steps
from tests.ops.tools.steps import TooSlow, make_ready, once, run
from tests.ops.tools.system import kept, program


@pytest.fixture(autouse=True)
def _empty_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRUBBER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("GOPROXY", "off")


def test_a_program_that_nobody_has_is_named():
    with pytest.raises(Unavailable, match="no-such-program is not installed"):
        program("no-such-program")


def test_go_modules_that_cannot_be_fetched_leave_their_part_out():
    program("go")
    with pytest.raises(Unavailable, match="cannot be fetched here"):
        go.binaries.__wrapped__("kubeconform")


def test_what_does_not_build_is_a_failure_and_leaves_nothing(monkeypatch, tmp_path):
    program("go")
    monkeypatch.setitem(go._PACKAGES, "kubeconform", ["./nothing"])
    with pytest.raises(AssertionError, match="nothing"):
        go.binaries.__wrapped__("kubeconform")
    assert list((tmp_path / "cache" / "ops" / "bin").iterdir()) == []


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path):
    began = time.monotonic()
    with pytest.raises(TooSlow, match="not done in 1 s"):
        run("sh", "-c", f"sleep 300 & echo $! > {tmp_path}/child; wait", secs=1)
    assert time.monotonic() - began < 60
    assert not _runs(int((tmp_path / "child").read_text()))


def test_a_step_that_is_too_slow_or_reaches_nothing_leaves_its_part_out(monkeypatch):
    monkeypatch.setattr(steps, "_spent", 0.0)
    with pytest.raises(Unavailable, match="no time"):
        make_ready("sleep", "60", secs=1)
    with pytest.raises(Unavailable, match="cannot be fetched here: dial tcp: no such host"):
        make_ready("sh", "-c", "echo dial tcp: no such host; exit 1", secs=60)
    with pytest.raises(AssertionError, match="a mistake"):
        make_ready("sh", "-c", "echo a mistake; exit 1", secs=60)


def test_when_the_time_for_tools_is_over_nothing_more_is_begun(monkeypatch, tmp_path):
    monkeypatch.setattr(steps, "_spent", steps.TOOLS_SECS)
    with pytest.raises(Unavailable, match="SCRUBBER_OPS_TOOLS_SECS"):
        make_ready("touch", tmp_path / "begun", secs=60)
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize("kind", [Unavailable, AssertionError])
def test_what_could_not_be_made_is_not_tried_for_every_test(kind):
    tried = []

    @once
    def make(name):
        tried.append(name)
        raise kind(name)

    for _ in range(2):
        with pytest.raises(kind, match="tool"):
            make("tool")
    assert tried == ["tool"]


def _runs(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_what_is_kept_is_made_once():
    made = []

    def make(folder):
        folder.mkdir()
        made.append(folder)

    first = kept("bin", "tool", [b"1"], make)
    assert kept("bin", "tool", [b"1"], make) == first
    assert kept("bin", "tool", [b"2"], make) != first
    assert len(made) == 2
