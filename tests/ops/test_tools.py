"""A tool that cannot be had is left out by its name; one that cannot be made is a failure."""

from __future__ import annotations

import pytest

from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools import go
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


def test_what_is_kept_is_made_once():
    made = []

    def make(folder):
        folder.mkdir()
        made.append(folder)

    first = kept("bin", "tool", [b"1"], make)
    assert kept("bin", "tool", [b"1"], make) == first
    assert kept("bin", "tool", [b"2"], make) != first
    assert len(made) == 2
