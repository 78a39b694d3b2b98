"""What the consume thread reads, whatever the group does meanwhile."""

from __future__ import annotations

from tests.stream.step_worker import CLEAN, IN, StepWorker, committed, new_broker


def test_a_partition_that_went_while_all_was_paused_is_read_when_it_comes_back():
    broker = new_broker(partitions=2)
    worker = StepWorker(broker, "a")
    worker.poll()
    worker.hold()  # pauses both
    other = StepWorker(broker, "b")
    for _ in range(10):
        worker.hold()
        other.poll()
    worker.poll()
    other.close()
    for number in range(2):
        broker.append(IN, b"good", partition=number)
    worker.work()
    assert committed(broker, CLEAN) == [[b"good"], [b"good"]]
