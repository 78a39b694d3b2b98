"""Exactly once as a state machine: workers come, die, lose partitions and meet faults at any call, in any order.

The worker's parts are the real ones; the broker is the fake that the contract suite compares with Apache Kafka.
"""

from __future__ import annotations

from collections import Counter

from confluent_kafka import KafkaError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scrubber.errors import FatalStreamError
from tests.fakes import ClientCrashed, errors
from tests.stream.step_worker import AUDIT, CLEAN, GROUP, IN, QUARANTINE, StepWorker, committed, new_broker

PARTITIONS = 3
NAMES = st.sampled_from("abc")
TRANSACTIONAL_CALLS = ("begin_transaction", "produce", "send_offsets_to_transaction", "commit_transaction")
OTHER_CALLS = ("init_transactions", "abort_transaction", "consume", "committed", "seek")
FAULTS = {
    "abortable": lambda: errors.abortable(KafkaError.ILLEGAL_GENERATION),
    "unknown": lambda: errors.plain(KafkaError._TIMED_OUT),
    "fatal": lambda: errors.fatal(KafkaError.INVALID_TXN_STATE),
    "fenced": errors.fenced,
}


class ExactlyOnce(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.broker = new_broker(PARTITIONS)
        self.workers: dict[str, StepWorker] = {}
        self.produced = [0] * PARTITIONS

    # -- what happens ----------------------------------------------------------------------------------------------

    @initialize()
    def a_group_at_work(self) -> None:
        for name in "ab":
            self.start(name)
            self.step(name, "work")
        for partition in range(PARTITIONS):
            self.produce(partition=partition, count=4, bad=False)

    @rule(partition=st.integers(0, PARTITIONS - 1), count=st.integers(1, 8), bad=st.booleans())
    def produce(self, *, partition: int, count: int, bad: bool) -> None:
        for _ in range(count):
            number = self.produced[partition]
            word = "bad" if bad else "good"
            self.broker.append(IN, f"{word} {partition}-{number}".encode(), partition=partition)
            self.produced[partition] += 1

    @rule(name=NAMES)
    def start(self, name: str) -> None:
        if name not in self.workers:
            self.guarded(name, lambda: self.workers.__setitem__(name, StepWorker(self.broker, name)))

    @rule(name=NAMES)
    def poll(self, name: str) -> None:
        self.step(name, "poll")

    @rule(name=NAMES)
    def hold(self, name: str) -> None:
        self.step(name, "hold")

    @rule(name=NAMES)
    def read_ahead(self, name: str) -> None:
        for step in ("poll", "poll", "scrub"):
            self.step(name, step)

    @rule(name=NAMES)
    def commit(self, name: str) -> None:
        for step in ("scrub", "commit"):
            self.step(name, step)

    @rule(name=NAMES)
    def work(self, name: str) -> None:
        self.step(name, "work")

    @rule(name=NAMES)
    def crash(self, name: str) -> None:
        if name in self.workers:
            self.broker.crash(self.workers.pop(name).clients)

    @rule(name=NAMES)
    def leave(self, name: str) -> None:
        self.step(name, "close")
        self.workers.pop(name, None)

    @rule(name=NAMES)
    def lose_partitions(self, name: str) -> None:
        if name in self.workers:
            self.broker.expire(self.workers[name].clients.latest_consumer)

    @rule(secs=st.sampled_from([1, 50, 70]))
    def time_passes(self, secs: int) -> None:
        self.broker.advance(secs)

    @rule(
        call=st.sampled_from(TRANSACTIONAL_CALLS + OTHER_CALLS),
        fault=st.sampled_from(sorted(FAULTS)),
        nth=st.integers(1, 6),
        applied=st.booleans(),
    )
    def fault(self, *, call: str, fault: str, nth: int, applied: bool) -> None:
        if fault == "abortable" and call == "commit_transaction":
            applied = False  # a broker never says so of a commit that took effect
        if fault != "unknown" and call in OTHER_CALLS:
            return
        self.broker.fail(call, FAULTS[fault](), nth=nth, applied=applied)

    @rule(call=st.sampled_from(TRANSACTIONAL_CALLS), nth=st.integers(1, 6), applied=st.booleans())
    def crash_at_call(self, *, call: str, nth: int, applied: bool) -> None:
        self.broker.crash_at(call, nth=nth, applied=applied)

    def step(self, name: str, step: str) -> None:
        if name in self.workers:
            self.guarded(name, getattr(self.workers[name], step))

    def guarded(self, name: str, action) -> None:
        """A fatal error ends the worker's process in good order, a crash without any."""
        try:
            action()
        except FatalStreamError:
            worker = self.workers.pop(name, None)
            if worker is not None:
                self.guarded(name, worker.close)
        except ClientCrashed:
            worker = self.workers.pop(name, None)
            if worker is not None:
                self.broker.crash(worker.clients)

    # -- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def no_record_is_seen_twice_or_out_of_order(self) -> None:
        for partition in range(PARTITIONS):
            for topic in (CLEAN, QUARANTINE):
                offsets = self.offsets_in(topic, partition)
                assert offsets == sorted(set(offsets))
            clean, sealed = (set(self.offsets_in(topic, partition)) for topic in (CLEAN, QUARANTINE))
            assert not clean & sealed

    @invariant()
    def audit_events_come_and_go_with_their_records(self) -> None:
        for partition in range(PARTITIONS):
            audited = Counter(int(value.split(b"-")[1]) for value in committed(self.broker, AUDIT)[partition])
            assert audited == Counter(o for o in self.offsets_in(CLEAN, partition) if o % 3 == 0)

    def teardown(self) -> None:
        """Once the faults are over, every input record is there, exactly once."""
        self.broker.faults.clear()
        for worker in self.workers.values():
            self.broker.crash(worker.clients)
        self.broker.advance(120)
        last = StepWorker(self.broker, "last")
        last.work(200)
        last.close()
        for partition, count in enumerate(self.produced):
            seen = self.offsets_in(CLEAN, partition) + self.offsets_in(QUARANTINE, partition)
            assert sorted(seen) == list(range(count))
            assert self.broker.last_stable_offset(CLEAN, partition) == self.broker.end_offset(CLEAN, partition)
        next_offsets = {place.partition: offset for place, offset in self.broker.committed(GROUP).items()}
        assert next_offsets == {number: count for number, count in enumerate(self.produced) if count}
        self.no_record_is_seen_twice_or_out_of_order()
        self.audit_events_come_and_go_with_their_records()

    def offsets_in(self, topic: str, partition: int) -> list[int]:
        values = committed(self.broker, topic)[partition]
        return [int(value.split()[-1 if topic == CLEAN else 0].split(b"-")[1]) for value in values]


TestExactlyOnce = ExactlyOnce.TestCase
TestExactlyOnce.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
