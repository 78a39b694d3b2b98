"""The fake broker: topics, groups, transactions, a clock, and the hand of fate (faults, crashes, expiry).

Deterministic by default: time stands still until `advance`, and no call ever waits. `FakeBroker(wall_clock=True)` runs
on real time and waits like Kafka, for a worker with its threads. One lock guards everything; callbacks run outside it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka import KafkaError

from scrubber.core.records import Partition
from tests.fakes import errors
from tests.fakes.faults import ClientCrashed, Fault, FaultPlan
from tests.fakes.groups import Group, Member
from tests.fakes.log import Entry, Headers, Isolation, PartitionLog, Transaction
from tests.fakes.transactions import TransactionCoordinator

T = TypeVar("T")
Queued = tuple[int, bytes | None, bytes | None, Headers | None]
BATCH_OVERHEAD = 61
RECORD_OVERHEAD = 12


class FakeBroker:
    """One cluster in memory."""

    def __init__(self, *, wall_clock: bool = False) -> None:
        self.wall_clock = wall_clock
        self.changed = threading.Condition(threading.RLock())
        self.faults = FaultPlan()
        self._fake_now = 1_700_000_000.0
        self._logs: dict[Partition, PartitionLog] = {}
        self._max_message_bytes: dict[str, int] = {}
        self._groups: dict[str, Group] = {}
        self._sessions: dict[Member, tuple[Group, float]] = {}
        self._member_number = 0
        self.transactions = TransactionCoordinator(self.now)

    # Topics

    def create_topic(self, name: str, partitions: int = 1, *, max_message_bytes: int = 1_048_588) -> str:
        """Add a topic; members that subscribed to it (by name or expression) rebalance."""
        self._max_message_bytes[name] = max_message_bytes
        self.add_partitions(name, partitions)
        return name

    def add_partitions(self, topic: str, count: int) -> None:
        """Grow a topic by `count`; its subscribers rebalance."""
        with self.changed:
            first = self.partition_count(topic)
            for number in range(first, first + count):
                self._logs[Partition(topic, number)] = PartitionLog()
            for group in self._groups.values():
                if any(member.subscribed(topic) for member in group.members.values()):
                    group.rebalance()
            self.changed.notify_all()

    def partition_count(self, topic: str) -> int:
        """How many partitions a topic has; 0 where it does not exist."""
        return sum(1 for partition in self._logs if partition.topic == topic)

    def append(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int = 0,
        headers: Headers | None = None,
        timestamp_ms: int | None = None,
    ) -> int:
        """Feed one message outside any transaction; returns its offset."""
        with self.changed:
            stamp = int(self.now() * 1000) if timestamp_ms is None else timestamp_ms
            offset = self._logs[Partition(topic, partition)].append(stamp, key, value, headers, None)
            self.changed.notify_all()
            return offset

    # What a test looks at

    def log(self, topic: str, partition: int = 0) -> list[Entry]:
        """Every entry with its raw offset, markers and aborted messages included."""
        return list(self._logs[Partition(topic, partition)].entries)

    def records(self, topic: str, partition: int = 0, isolation: Isolation = "read_committed") -> list[Entry]:
        """What a reader of this isolation level gets from the start."""
        with self.changed:
            self.tick()
            log = self._logs[Partition(topic, partition)]
            return log.read(0, log.end_offset, isolation)[0]

    def end_offset(self, topic: str, partition: int = 0) -> int:
        """The next raw offset."""
        return self._logs[Partition(topic, partition)].end_offset

    def last_stable_offset(self, topic: str, partition: int = 0) -> int:
        """Where read-committed readers stop; equals `end_offset` when no transaction is open."""
        return self._logs[Partition(topic, partition)].last_stable_offset

    def committed(self, group: str) -> dict[Partition, int]:
        """Committed next offsets of a group, stable ones only."""
        return dict(self.group(group).offsets)

    # The hand of fate

    def fail(
        self,
        call: str,
        error: Exception,
        *,
        nth: int = 1,
        applied: bool = False,
        client: object | None = None,
    ) -> None:
        """The `nth` call of this method from now on raises `error`; `applied`: after it took effect.

        `client` (a consumer, a producer or a `FakeClients`) narrows it down. The flags of the error decide what becomes
        of the client, as in librdkafka: `tests/fakes/errors.py` makes them.
        """
        self.faults.add(Fault(call, nth, "error", error, applied, client))

    def hang(self, call: str, *, nth: int = 1, applied: bool = False, client: object | None = None) -> None:
        """The call does not return until `release_hangs` or a crash of its client. Only for clients on threads."""
        self.faults.add(Fault(call, nth, "hang", None, applied, client))

    def release_hangs(self) -> None:
        """Let every hanging call return."""
        self.faults.hangs_over.set()

    def crash_at(self, call: str, *, nth: int = 1, applied: bool = False, client: object | None = None) -> None:
        """The process dies before (`applied`: after) the effect of that call: it raises `ClientCrashed`."""
        self.faults.add(Fault(call, nth, "crash", None, applied, client))

    def crash(self, client: Any) -> None:
        """SIGKILL for a consumer, a producer, or all clients of a `FakeClients`.

        Nothing is closed: the transaction stays open until its timeout or the next `init_transactions` of its id, the
        group waits for the member until its session ends (`advance`, or `expire`).
        """
        with self.changed:
            for each in client.members():
                each.crashed = True
            for member, (group, session_secs) in list(self._sessions.items()):
                if not member.dead and any(member is getattr(each, "member", None) for each in client.members()):
                    member.dead = True
                    self._sessions[member] = (group, self.now() + session_secs)
            self.changed.notify_all()

    def expire(self, consumer: Any) -> None:
        """The coordinator gives up a member, dead or alive. A live one loses everything at its next `consume`."""
        with self.changed:
            member = consumer.member
            if member in self._sessions:
                group, _ = self._sessions.pop(member)
                group.expire(member)
            self.changed.notify_all()

    def advance(self, secs: float) -> None:
        """Let time pass: open transactions time out, dead members expire."""
        assert not self.wall_clock, "time passes by itself"
        with self.changed:
            self._fake_now += secs
            self.tick()

    # For the clients

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() if self.wall_clock else self._fake_now

    def tick(self) -> None:
        """What the clock brings about (timeouts of transactions, sessions and polls); under the lock."""
        self.transactions.expire()
        for member, (group, deadline) in list(self._sessions.items()):
            member.overdue = self.now() >= member.poll_deadline
            if member.overdue or (member.dead and self.now() >= deadline):
                del self._sessions[member]
                group.expire(member)
        self.changed.notify_all()

    def wait(self, deadline: float) -> bool:
        """Wait under the lock for a change; False once `deadline` has passed, which it has at once on a fake clock."""
        if not self.wall_clock or self.now() >= deadline:
            return False
        self.changed.wait(min(deadline - self.now(), 0.1))
        self.tick()
        return True

    def group(self, name: str) -> Group:
        """The group of this name."""
        return self._groups.setdefault(name, Group(lambda: sorted(self._logs)))

    def join(self, group: Group, topics: list[str], *, cooperative: bool, session_secs: float) -> Member:
        """A new member with an id nobody had before."""
        self._member_number += 1
        member = Member(f"member-{self._member_number}", topics, cooperative)
        self._sessions[member] = (group, session_secs)
        group.join(member)
        self.changed.notify_all()
        return member

    def leave(self, group: Group, member: Member) -> None:
        """The member says goodbye."""
        self._sessions.pop(member, None)
        group.leave(member)
        self.changed.notify_all()

    def partition_log(self, topic: str, partition: int) -> PartitionLog:
        """The log, or the broker's error where there is none."""
        log = self._logs.get(Partition(topic, partition))
        if log is None:
            raise errors.plain(KafkaError.UNKNOWN_TOPIC_OR_PART, "unknown topic or partition")
        return log

    def refuse_oversized(self, topic: str, batch: list[Queued]) -> None:
        """A produce request over the topic's limit is refused whole (here by its size before compression)."""
        size = BATCH_OVERHEAD + sum(RECORD_OVERHEAD + len(key or b"") + len(value or b"") for _, key, value, _ in batch)
        if size > self._max_message_bytes[topic]:
            raise errors.plain(KafkaError.MSG_SIZE_TOO_LARGE, "batch over max.message.bytes")

    def append_batch(self, where: Partition, batch: list[Queued], transaction: Transaction | None) -> None:
        """One produce request."""
        log = self.partition_log(*where)
        for timestamp_ms, key, value, headers in batch:
            log.append(timestamp_ms, key, value, headers, transaction)
        self.changed.notify_all()

    def call(self, name: str, client: Any, effect: Callable[[], T]) -> T:
        """Run one client call under the fault plan."""
        self.refuse_crashed(client)
        fault = self.faults.take(name, client, client.owner)
        if fault is None:
            return effect()
        if fault.applied or fault.outcome == "hang":
            result = effect() if fault.applied else None
        if fault.outcome == "crash":
            self.crash(client.owner or client)
            raise ClientCrashed
        if fault.outcome == "hang":
            while not self.faults.hangs_over.wait(0.01):
                self.refuse_crashed(client)
            self.refuse_crashed(client)
            return result if fault.applied else effect()  # type: ignore[return-value]
        assert fault.error is not None, "A fault without an error. This is a bug."
        raise fault.error

    @staticmethod
    def refuse_crashed(client: Any) -> None:
        """A dead process makes no calls, whatever thread of it still runs here."""
        if client.crashed:
            raise ClientCrashed
