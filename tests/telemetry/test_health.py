"""Live and ready, and why not."""

import pytest

from scrubber.telemetry import (
    BatchComputed,
    DetectorsReady,
    PartitionsAssigned,
    PartitionsLost,
    PartitionsRevoked,
    WorkerStopped,
)
from scrubber.telemetry.health import Health


@pytest.fixture
def clock():
    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def health(clock):
    return Health(30.0, clock)


def test_a_worker_that_has_not_begun_is_live_and_not_ready(health):
    assert health.why_not_live() == []
    assert len(health.why_not_ready()) == 2


def test_it_is_live_while_every_loop_turns(health, clock):
    for _ in range(10):
        clock.now += 20
        health.turn("consume")
        health.turn("detect")
        assert health.why_not_live() == []


def test_a_long_chunk_is_no_standstill_while_a_model_answers_for_its_batches(health, clock):
    health.turn("detect")
    for _ in range(10):
        clock.now += 20
        health.emit(BatchComputed(8))
        assert health.why_not_live() == []
    clock.now += 31
    assert health.why_not_live() == ["the detect loop stands still"]


def test_batches_of_a_worker_that_has_stopped_start_no_loop(health, clock):
    health.turn("detect")
    health.emit(WorkerStopped("done", 0, 0))
    health.emit(BatchComputed(8))
    clock.now += 100
    assert health.why_not_live() == []


def test_one_loop_that_stands_still_is_enough(health, clock):
    health.turn("consume")
    health.turn("detect")
    clock.now += 31
    health.turn("consume")
    assert health.why_not_live() == ["the detect loop stands still"]
    assert health.loop_ages() == {("consume",): 0.0, ("detect",): 31.0}
    health.turn("detect")
    assert health.why_not_live() == []


def test_it_is_ready_when_warm_and_known_to_the_group(health):
    health.emit(PartitionsAssigned(("app[0]",)))
    assert health.why_not_ready() == ["the detectors are not warm"]
    health.emit(DetectorsReady(1))
    assert health.why_not_ready() == []


def test_a_spare_worker_without_partitions_is_ready(health):
    health.emit(DetectorsReady(0))
    health.emit(PartitionsAssigned(()))
    assert health.why_not_ready() == []


def test_a_rebalance_leaves_it_ready_but_to_be_thrown_out_of_the_group_does_not(health):
    health.emit(DetectorsReady(0))
    health.emit(PartitionsAssigned(("app[0]",)))
    health.emit(PartitionsRevoked(("app[0]",), 0.1))
    assert health.why_not_ready() == []
    health.emit(PartitionsLost(("app[0]",)))
    assert health.why_not_ready() == ["the group has assigned no partitions yet"]


def test_a_worker_that_has_stopped_is_not_ready_and_not_stuck(health, clock):
    health.emit(DetectorsReady(0))
    health.emit(PartitionsAssigned(()))
    health.turn("consume")
    health.emit(WorkerStopped("SIGTERM", 1, 1))
    clock.now += 1_000
    assert health.why_not_ready()
    assert health.why_not_live() == []
