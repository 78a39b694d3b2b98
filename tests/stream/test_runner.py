"""The worker with its threads, on the fake broker in real time."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from confluent_kafka import KafkaError

from scrubber.core.records import at_once
from scrubber.errors import DetectorFailed, FatalStreamError
from scrubber.stream import pace
from scrubber.stream.runner import Runner
from scrubber.stream.settings import Brake, ChunkLimits, KafkaSettings, Route, StreamSettings
from scrubber.telemetry import ProducerRebuilt, WatchdogFired, WorkerStopped
from tests.fakes import FakeClients, errors
from tests.stream.step_worker import CLEAN, GROUP, IN, QUARANTINE, Events, committed, new_broker, scrub, seal

BEGIN = at_once(scrub)


class Worker:
    def __init__(self, broker, *, begin=BEGIN, delivery="exactly_once", **settings) -> None:
        self.broker = broker
        self.events = Events()
        transactional_id = "t1" if delivery == "exactly_once" else None
        self.clients = FakeClients(broker, GROUP, transactional_id)
        settings = {"drain_timeout_secs": 5.0, "start_timeout_secs": 2.0, **settings}
        self.runner = Runner(
            StreamSettings(
                kafka=KafkaSettings("fake:9092", GROUP, transactional_id=transactional_id),
                routes=(Route("all", (IN,)),),
                delivery=delivery,
                chunk=ChunkLimits(max_records=10, max_wait_ms=10),
                **settings,
            ),
            self.clients,
            begin,
            seal=seal,
            limits={},
            telemetry=self.events,
        )
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.runner.run()
        except BaseException as exception:  # noqa: BLE001
            self.failure = exception

    def wait_for(self, count: int, topic: str = CLEAN, secs: float = 10) -> list[bytes]:
        deadline = time.monotonic() + secs
        while time.monotonic() < deadline and self.thread.is_alive():
            values = [value for values in committed(self.broker, topic) for value in values]
            if len(values) >= count:
                break
            time.sleep(0.01)
        return [value for values in committed(self.broker, topic) for value in values]

    @property
    def stopped(self) -> str:
        return self.events.of(WorkerStopped)[-1].reason


@contextmanager
def running(worker: Worker):
    worker.thread.start()
    try:
        yield worker
    finally:
        worker.runner.stop("test over")
        worker.broker.release_hangs()
        worker.thread.join(15)
        assert not worker.thread.is_alive()


@pytest.fixture
def broker():
    made = new_broker(partitions=2, wall_clock=True)
    for number in range(100):
        made.append(IN, b"good %d" % number, partition=number % 2)
    return made


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_everything_in_comes_out_once_and_offsets_follow(broker, delivery):
    with running(Worker(broker, delivery=delivery)) as worker:
        values = worker.wait_for(100)
    assert sorted(values) == sorted(b"good %d" % number for number in range(100))
    assert sorted(broker.committed(GROUP).values()) == [50, 50]
    assert worker.failure is None
    assert worker.stopped == "test over"


def test_stopping_finishes_what_is_in_flight(broker):
    started = threading.Event()

    def slow(chunk):
        started.set()
        time.sleep(0.3)
        return scrub(chunk)

    with running(Worker(broker, begin=at_once(slow))):
        assert started.wait(5)
    values = [value for values in committed(broker, CLEAN) for value in values]
    assert len(values) >= 10
    assert sum(broker.committed(GROUP).values()) == len(values)


def test_a_detector_that_outlasts_the_drain_time_commits_nothing(broker):
    hanging = threading.Event()

    def stuck(chunk):
        hanging.wait(10)
        return scrub(chunk)

    with running(Worker(broker, begin=at_once(stuck), drain_timeout_secs=0.3)) as worker:
        time.sleep(0.5)
        worker.runner.stop("SIGTERM")
        worker.thread.join(5)
        assert not worker.thread.is_alive()
        hanging.set()
    assert committed(broker, CLEAN) == [[], []]
    assert broker.committed(GROUP) == {}


def test_a_failing_detector_stops_the_worker_and_nothing_raw_goes_on(broker):
    def broken(chunk):
        raise DetectorFailed("device gone")

    with running(Worker(broker, begin=at_once(broken))) as worker:
        worker.thread.join(5)
        assert isinstance(worker.failure, DetectorFailed)
    assert committed(broker, CLEAN) == [[], []]
    assert worker.stopped == "DetectorFailed"


def test_a_slow_detector_loses_no_membership_and_no_record(broker):
    """The queues fill up, the consume thread holds: paused, but still a member."""

    def slow(chunk):
        time.sleep(0.25)
        return scrub(chunk)

    with running(Worker(broker, begin=at_once(slow), queue_depth=1)) as worker:
        values = worker.wait_for(100, secs=20)
    assert sorted(values) == sorted(b"good %d" % number for number in range(100))


def test_the_next_chunk_is_begun_before_the_one_before_is_finished(broker):
    """Whatever scrubs has work while the outcomes of what it did are taken."""
    told = []

    def begin(chunk):
        told.append(("begun", chunk))

        def finish():
            time.sleep(0.1)  # time for the next chunks to be read
            told.append(("finished", chunk))
            return scrub(chunk)

        return finish

    with running(Worker(broker, begin=begin)) as worker:
        worker.wait_for(100)
    finished = [chunk for what, chunk in told if what == "finished"]
    assert [chunk for what, chunk in told if what == "begun"] == finished
    assert told.index(("begun", finished[2])) < told.index(("finished", finished[1]))


def test_chunks_of_slow_detectors_become_small(broker, monkeypatch):
    monkeypatch.setattr(pace, "CHUNK_SECS", 0.05)
    monkeypatch.setattr(pace, "LEAST_RECORDS", 1)
    sizes = []

    def slow(chunk):
        sizes.append(len(chunk.records))
        time.sleep(0.02 * len(chunk.records))
        return scrub(chunk)

    with running(Worker(broker, begin=at_once(slow))) as worker:
        assert len(worker.wait_for(100)) == 100
    assert sizes[0] == 10
    assert max(sizes[-5:]) <= 3


def test_an_unknown_outcome_is_settled_without_losing_or_doubling(broker):
    broker.fail("commit_transaction", errors.plain(KafkaError._TIMED_OUT), nth=3, applied=True)
    broker.fail("commit_transaction", errors.plain(KafkaError._TIMED_OUT), nth=5, applied=False)
    with running(Worker(broker)) as worker:
        values = worker.wait_for(100)
    assert sorted(values) == sorted(b"good %d" % number for number in range(100))
    assert len(worker.events.of(ProducerRebuilt)) == 2


def test_two_workers_share_and_hand_over_without_doubles(broker):
    first, second = Worker(broker), Worker(broker)
    second.clients._transactional_id = "t2"
    with running(first):
        first.wait_for(20)
        with running(second):
            for number in range(100, 300):
                broker.append(IN, b"good %d" % number, partition=number % 2)
            values = first.wait_for(300)
    assert sorted(values) == sorted(b"good %d" % number for number in range(300))


def test_the_brake_stops_before_a_topic_is_moved_to_quarantine():
    broker = new_broker(partitions=1, wall_clock=True)
    for number in range(200):
        broker.append(IN, b"bad %d" % number)
    with running(Worker(broker, brake=Brake(max_ratio=0.5, window_records=50))) as worker:
        worker.thread.join(10)
        assert isinstance(worker.failure, FatalStreamError)
    assert worker.stopped == "BRAKE"
    assert len(committed(broker, QUARANTINE)[0]) < 50


def test_a_call_that_never_returns_is_ended_by_the_watchdog(broker, monkeypatch):
    worker = Worker(broker, watchdog_secs=0.5)
    ended = threading.Event()
    monkeypatch.setattr(worker.runner._watchdog, "_end", ended.set)
    broker.hang("send_offsets_to_transaction")
    with running(worker):
        assert ended.wait(5)
    assert worker.events.of(WatchdogFired)


def test_told_to_stop_while_the_cluster_is_away_it_stops_in_peace(broker):
    for _ in range(50):
        broker.fail("init_transactions", errors.plain(KafkaError._TRANSPORT))
    worker = Worker(broker, start_timeout_secs=30)
    with running(worker):
        time.sleep(0.3)
        worker.runner.stop("SIGINT")
        worker.thread.join(12)
    assert worker.failure is None
    assert worker.stopped == "SIGINT"


def test_a_cluster_that_never_comes_ends_the_worker_with_the_reason(broker):
    for _ in range(50):
        broker.fail("init_transactions", errors.plain(KafkaError._TRANSPORT))
    with running(Worker(broker, start_timeout_secs=0.2)) as worker:
        worker.thread.join(10)
        assert isinstance(worker.failure, FatalStreamError)
