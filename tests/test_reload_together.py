"""Several scrub processes take up new policies and rules together, or not at all."""

import itertools
import threading
from contextlib import nullcontext
from typing import NamedTuple

import pytest

from scrubber.core.records import Chunk, Record, Touched
from scrubber.detect.apart import processes as module
from scrubber.detect.apart.processes import SLICE_RECORDS
from scrubber.errors import ConfigError, Problem
from scrubber.telemetry import Fanout
from tests.fakes.scrub_processes import in_threads


class Engine(NamedTuple):
    """Says by the stamp of a record which version has scrubbed it."""

    version: int
    rules: str = "1"

    @property
    def digests(self):
        return {"own": str(self.version)}

    def touched(self, records):
        return Touched({"app": [("version", b"%d" % self.version)]}, {})


def processes_that_read(*files):
    """Processes that read one after another of these when they build an engine; an error is raised."""
    reads = iter(files)

    def opened(_setup, _told):
        versions = iter(next(reads))

        def build():
            read = next(versions)
            if isinstance(read, Exception):
                raise read
            return read if isinstance(read, Engine) else Engine(read)

        return nullcontext(build)

    return in_threads(opened, "setup", Fanout(()), len(files))


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECS", 0.001)


def chunk(slices=4):
    return Chunk([Record("app", 0, n, -1, None, b"x", None) for n in range(slices * SLICE_RECORDS)])


def versions(finish):
    return {int(outcome.headers[0][1]) for outcome in finish().outcomes}


def test_all_of_them_take_it_up():
    processes = processes_that_read([1, 2], [1, 2], [1, 2])
    assert versions(processes.begin(chunk())) == {1}
    processes.reload()
    assert processes.digests == {"own": "2"}
    assert versions(processes.begin(chunk())) == {2}
    processes.close()


@pytest.mark.parametrize("fails", [0, 1])
def test_where_one_finds_it_wrong_none_takes_it_up_and_the_next_is_taken(fails):
    wrong = ConfigError([Problem("rules.x", "is wrong")])
    read = [[1, wrong if fails == place else 2, 3] for place in range(2)]
    processes = processes_that_read(*read)
    with pytest.raises(ConfigError, match="is wrong"):
        processes.reload()
    assert (versions(processes.begin(chunk())), processes.digests) == ({1}, {"own": "1"})
    processes.reload()
    assert (versions(processes.begin(chunk())), processes.digests) == ({3}, {"own": "3"})
    processes.close()


@pytest.mark.parametrize("other", [Engine(3), Engine(2, rules="2")])
def test_files_that_change_while_they_are_read_are_not_taken_up_by_some(other):
    processes = processes_that_read([1, 2, 4], [1, other, 4])
    with pytest.raises(ConfigError, match="changed while they were read"):
        processes.reload()
    assert (versions(processes.begin(chunk())), processes.digests) == ({1}, {"own": "1"})
    processes.reload()
    assert versions(processes.begin(chunk())) == {4}
    processes.close()


def test_files_that_change_at_the_start_stop_the_worker():
    with pytest.raises(ConfigError, match="changed while they were read"):
        processes_that_read([1], [2])


def test_no_chunk_is_scrubbed_by_two_versions_and_none_by_an_older_one_than_the_chunk_before():
    processes = processes_that_read(*(itertools.count(1) for _ in range(3)))
    done = threading.Event()

    def reload():
        while not done.is_set():
            processes.reload()

    reloading = threading.Thread(target=reload)
    reloading.start()
    begun, seen = [], []
    while len(seen) < 60:
        begun.append(processes.begin(chunk()))
        if len(begun) > 2:
            seen.append(versions(begun.pop(0)))
    done.set()
    reloading.join()
    assert all(len(each) == 1 for each in seen), "a chunk by two policies"
    order = [version for (version,) in seen]
    assert order == sorted(order)
    assert order[-1] > 1, "nothing was taken up meanwhile: the test shows nothing"
    processes.close()
