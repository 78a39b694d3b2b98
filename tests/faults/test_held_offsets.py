"""A worker dies in a transaction; the group rebalances while the broker still holds its offsets back."""

from __future__ import annotations

import pytest

from tests.fakes import ClientCrashed
from tests.stream.step_worker import CLEAN, IN, StepWorker, committed, new_broker


def test_partitions_whose_offsets_are_held_back_are_read_once_however_often_the_group_rebalances():
    broker = new_broker(2)
    dead = StepWorker(broker, "dead")
    for number in range(10):
        for partition in (0, 1):
            broker.append(IN, b"good %d-%d" % (partition, number), partition=partition)
    dead.work()
    for partition in (0, 1):
        broker.append(IN, b"good %d-10" % partition, partition=partition)
    broker.crash_at("commit_transaction", client=dead.clients)
    with pytest.raises(ClientCrashed):
        dead.work()
    broker.expire(dead.source._consumer)

    heirs = [StepWorker(broker, "first")]
    heirs[0].poll()
    heirs.append(StepWorker(broker, "second"))
    for _ in range(5):
        for heir in heirs:
            heir.work()
    broker.advance(120)  # the dead worker's transaction is over
    for _ in range(5):
        for heir in heirs:
            heir.work()
    assert committed(broker, CLEAN) == [[b"good %d-%d" % (p, n) for n in range(11)] for p in (0, 1)]
