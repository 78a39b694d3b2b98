"""The processes that scrub for a worker: the same answers, and no way to go on without one of them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubber.cli import scrub_processes as module
from scrubber.cli.scrub_processes import scrub_processes, seal_of
from scrubber.cli.scrubbing import NICENESS, engines
from scrubber.cli.wiring import worker_engine
from scrubber.config import load
from scrubber.core.records import Chunk, Clean, Quarantined, Record, Records, Touched
from scrubber.detect.apart.exchange import END_SECS
from scrubber.detect.apart.messages import Scrubbed
from scrubber.detect.apart.processes import SLICE_RECORDS
from scrubber.detect.apart.serve import Told
from scrubber.errors import ConfigError, DetectorFailed, Problem, Reason
from scrubber.telemetry import (
    BatchComputed,
    DetectorsReady,
    PoliciesInForce,
    RecordFailed,
    ScrubProcessStarted,
    TextsScrubbed,
)
from tests.fakes.scrub_processes import in_threads

VALUES = (
    b"ann@mail.example from 192.0.2.7",
    b"nothing to see",
    None,
    b"",
    b'{"card":4111111111111111}',
    "smile \U0001f600 ann@mail.example".encode(),
    b"\xff\x00 broken",
)


@pytest.fixture(scope="module", params=[1, 3])
def config(tmp_path_factory, request):
    return config_in(tmp_path_factory.mktemp("config"), scrub_processes=request.param)


def config_in(folder, **more):
    document = {
        "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
        "routes": [{"topics": ["app"], "policy": "logs"}],
        "model": "none",
    }
    file = folder / "scrubber.yaml"
    file.write_text(yaml.safe_dump(document | more))
    return load(file, {})


class Happenings(list):
    def emit(self, happening):
        self.append(happening)

    @property
    def pids(self):
        return [happening.pid for happening in self if isinstance(happening, ScrubProcessStarted)]


@pytest.fixture(scope="module")
def told(config):
    """What the processes of this configuration tell."""
    return Happenings()


@pytest.fixture(scope="module")
def processes(config, told):
    with scrub_processes(config, told) as processes:
        yield processes
    assert not any(map(is_alive, told.pids))


@pytest.fixture(scope="module")
def engine(config):
    return worker_engine(config, ())


def chunk_of(count):
    return Chunk([Record("app", n % 3, n, 7, b"k", VALUES[n % len(VALUES)], [("h", b"x")]) for n in range(count)])


def whole(scrubbed):
    """Outcomes with everything that goes on in them, also where that is how it came."""
    return [
        outcome if isinstance(outcome, Quarantined) else outcome.clean(record)
        for record, outcome in zip(scrubbed.chunk.records, scrubbed.outcomes, strict=True)
    ]


@pytest.mark.parametrize("count", [0, 1, SLICE_RECORDS, 5 * SLICE_RECORDS + 1])
def test_the_answers_are_those_of_an_engine_in_the_worker(processes, engine, count):
    chunk = chunk_of(count)
    assert whole(processes.begin(chunk)()) == engine.scrub(chunk).outcomes


def test_chunks_may_be_begun_ahead_and_each_gets_its_own_outcomes(processes, engine):
    chunks = [chunk_of(count) for count in (SLICE_RECORDS + 3, 0, 1, 5, 3 * SLICE_RECORDS)]
    begun = [processes.begin(chunk) for chunk in chunks]
    for chunk, finish in zip(chunks, begun, strict=True):
        assert whole(finish()) == engine.scrub(chunk).outcomes


def test_records_larger_than_the_pipes_pass_both_ways(processes):
    line = b"ann@mail.example " + b"x" * 5_000_000
    scrubbed = processes.begin(Chunk([Record("app", 0, n, 7, None, line, None) for n in range(8)]))()
    assert {outcome.value for outcome in scrubbed.outcomes} == {b"<EMAIL> " + b"x" * 5_000_000}


def test_what_happens_there_is_told_here(processes, config, told):
    processes.begin(chunk_of(3))()
    kinds = Counter(map(type, told))
    assert kinds[ScrubProcessStarted] == config.scrub_processes
    assert kinds[DetectorsReady] == kinds[PoliciesInForce] == 1, "what is alike in all of them is told once"
    assert type(told[-1]) is TextsScrubbed


def test_what_cannot_be_written_is_sealed_under_the_digest_of_its_policy(processes, config, engine):
    sealed = seal_of(config, processes)(chunk_of(1).records[0], Reason.TOO_LARGE)
    assert engine.seal(chunk_of(1).records[0], Reason.TOO_LARGE) == sealed


@given(
    st.dictionaries(
        st.integers(0, 9),
        st.builds(Clean, st.none() | st.binary(), st.none() | st.binary(), st.none(), st.none() | st.binary())
        | st.builds(Quarantined, st.sampled_from(Reason), st.binary()),
    )
)
@settings(max_examples=50)
def test_outcomes_arrive_as_they_were_sent(outcomes):
    touched = Touched({"app": [("policy", b"1")]}, outcomes)
    assert Scrubbed.of(touched).unpacked() == touched


def test_records_arrive_as_they_were_sent():
    records = chunk_of(20).records
    arrived = Records.of(records).all()
    assert arrived == records
    assert {type(record) for record in arrived} == {Record}


def test_a_process_that_is_killed_ends_the_work(config):
    with scrub_processes(config, told := Happenings()) as processes:
        os.kill(told.pids[-1], signal.SIGKILL)
        with pytest.raises(DetectorFailed, match=r"gone \(exit status -9\)"):
            processes.begin(chunk_of(3 * SLICE_RECORDS))()


def test_they_leave_the_cores_to_the_worker_first(processes, told):
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in told.pids} == {NICENESS}
    assert os.getpriority(os.PRIO_PROCESS, 0) < NICENESS


def test_one_that_still_works_on_what_nobody_waits_for_is_ended_at_once(config):
    with scrub_processes(config, told := Happenings()) as processes:
        processes.begin(Chunk(chunk_of(7).records * 50_000))
        started = time.monotonic()
    assert time.monotonic() - started < END_SECS
    assert not any(map(is_alive, told.pids))


@pytest.mark.parametrize("busy", [False, True])
def test_they_end_when_their_worker_is_killed(tmp_path, busy):
    code = f"""
import pathlib, sys, time
from scrubber.cli import scrub_processes as module
from scrubber.config import load
from scrubber.core.records import Chunk, Record
if {busy}:
    module._COMMAND = (sys.executable, "-c", {ENDLESS!r})
class Tell:
    def emit(self, happening):
        if type(happening).__name__ == "ScrubProcessStarted":
            print(happening.pid, flush=True)
with module.scrub_processes(load(pathlib.Path({str(tmp_path / "scrubber.yaml")!r}), {{}}), Tell()) as processes:
    processes.begin(Chunk([Record("app", 0, 0, 7, None, b"x", None)]))
    print("begun", flush=True)
    time.sleep(600)
"""
    config_in(tmp_path, scrub_processes=2)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as worker:
        pids = [int(worker.stdout.readline()) for _ in range(2)]
        assert worker.stdout.readline() == b"begun\n"
        worker.kill()
    deadline = time.monotonic() + 60
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, "a scrub process outlives its worker"
        time.sleep(0.05)


def test_the_worker_hears_of_work_that_goes_on():
    heard = threading.Event()

    class Worker:
        def emit(self, happening):
            if happening == BatchComputed(3):
                heard.set()

    class Slow(NamedTuple):
        told: Told
        digests: Mapping[str, str] = MappingProxyType({})
        rules: str = ""

        def touched(self, records):
            self.told.emit(BatchComputed(3))
            assert heard.wait(30), "the worker hears nothing before the answer"
            return Touched({"app": []}, {})

    processes = in_threads(lambda _config, told: nullcontext(lambda: Slow(told)), "setup", Worker())
    assert whole(processes.begin(chunk_of(1))()) == [Clean(b"k", VALUES[0], [("h", b"x")], None)]
    processes.close()


def test_ctrl_c_is_for_the_worker_alone(processes, told):
    processes.begin(chunk_of(1))()
    assert os.getpgid(0) not in map(os.getpgid, told.pids)


def test_what_is_wrong_with_the_configuration_comes_out_here(tmp_path):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"rules": []}))
    config = config_in(tmp_path, rules=["rules.yaml"])
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"rules": [{"id": "x"}]}))
    with pytest.raises(ConfigError) as raised:
        in_threads(engines, config, Told())
    assert all(isinstance(problem, Problem) and problem.path for problem in raised.value.problems)


def test_a_bug_there_is_told_without_what_it_quotes(config, monkeypatch, capfd):
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", BUGGY))
    with scrub_processes(config, Told()) as processes, pytest.raises(DetectorFailed, match=r"gone \(exit status 1\)"):
        processes.begin(chunk_of(1))()
    told = capfd.readouterr().err
    assert "ValueError" in told
    assert "ann@mail.example" not in told


def test_a_record_on_which_our_own_code_stumbles_is_quarantined_there_and_told_here(config, monkeypatch):
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", STUMBLING))
    told = Happenings()
    chunk = chunk_of(len(VALUES))
    with scrub_processes(config, told) as processes:
        outcomes = whole(processes.begin(chunk)())
    expected = worker_engine(config, ()).scrub(chunk).outcomes
    assert [type(outcome) for outcome in outcomes[:2]] == [Quarantined, Clean]
    assert outcomes[0].reason is Reason.INTERNAL_ERROR
    assert outcomes[1:] == expected[1:]
    (failed,) = [happening for happening in told if isinstance(happening, RecordFailed)]
    assert failed.error == "ValueError"
    assert failed.where[-1].endswith(" stumble")


ENDLESS = """
import sys, time
from scrubber.cli import scrubbing
from scrubber.detect.pipeline import Scrubber
Scrubber.touched = lambda self, records: time.sleep(600)
sys.exit(scrubbing.main())
"""

BUGGY = """
import sys
from scrubber.cli import scrubbing
from scrubber.detect.pipeline import Scrubber
def touched(self, records):
    raise ValueError(records.values[0])
Scrubber.touched = touched
sys.exit(scrubbing.main())
"""


STUMBLING = """
import sys
from scrubber.cli import scrubbing
from scrubber.detect import texts
redact = texts.redact
def stumble(text, *arguments, **options):
    if text == b"ann@mail.example from 192.0.2.7":
        raise ValueError(text)
    return redact(text, *arguments, **options)
texts.redact = stumble
sys.exit(scrubbing.main())
"""


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
