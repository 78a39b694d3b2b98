"""The worker's loops say that they turn: whoever hangs is seen, whoever is only idle or slow is not."""

import threading
import time
from contextlib import contextmanager

import pytest

from scrubber.core.records import at_once
from scrubber.stream.runner import Runner
from scrubber.stream.settings import ChunkLimits, KafkaSettings, Route, StreamSettings
from scrubber.telemetry.health import Health
from tests.fakes import FakeClients
from tests.stream.step_worker import GROUP, IN, Events, new_broker, scrub, seal

LIMIT_SECS = 1.0


@pytest.fixture
def broker():
    made = new_broker(partitions=1, wall_clock=True)
    yield made
    made.release_hangs()


@contextmanager
def working(broker, scrub=scrub):
    """A worker, and its health."""
    health = Health(LIMIT_SECS)
    kafka = KafkaSettings("fake:9092", GROUP, transactional_id="t1")
    runner = Runner(
        StreamSettings(kafka, (Route("all", (IN,)),), chunk=ChunkLimits(10, 1_000, 10), drain_timeout_secs=1.0),
        FakeClients(broker, GROUP, "t1"),
        at_once(scrub),
        seal=seal,
        limits={},
        telemetry=Events(),
        turned=health.turn,
    )
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield health
    finally:
        runner.stop("test over")
        broker.release_hangs()
        thread.join(15)
        assert not thread.is_alive()


def stuck_within(health, secs):
    deadline = time.monotonic() + secs
    while time.monotonic() < deadline:
        if stuck := health.why_not_live():
            return stuck
        time.sleep(0.05)
    return []


def test_an_idle_worker_is_live(broker):
    with working(broker) as health:
        assert stuck_within(health, 2.5 * LIMIT_SECS) == []
        assert set(health.loop_ages()) == {("consume",), ("detect",), ("commit",)}


def test_a_detector_that_is_slow_but_answers_is_live(broker):
    def slow(chunk):
        time.sleep(LIMIT_SECS / 4)
        return scrub(chunk)

    for number in range(200):
        broker.append(IN, b"good %d" % number)
    with working(broker, slow) as health:
        assert stuck_within(health, 3 * LIMIT_SECS) == []


def test_a_detector_that_never_answers_is_seen(broker):
    hanging = threading.Event()

    def hangs(chunk):
        hanging.wait()
        return scrub(chunk)

    broker.append(IN, b"good")
    with working(broker, hangs) as health:
        assert stuck_within(health, 10) == ["the detect loop stands still"]
        hanging.set()


def test_a_commit_that_never_returns_is_seen(broker):
    broker.hang("commit_transaction")
    broker.append(IN, b"good")
    with working(broker) as health:
        assert stuck_within(health, 10) == ["the commit loop stands still"]
