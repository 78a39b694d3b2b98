"""A group member with the behaviour of `confluent_kafka.Consumer` 2.16 where the stream room can notice it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_INVALID,
    TIMESTAMP_CREATE_TIME,
    KafkaError,
    Message,
    TopicPartition,
)

from scrubber.core.records import Partition
from scrubber.stream.ports import Rebalance
from tests.fakes import errors
from tests.fakes.broker import FakeBroker
from tests.fakes.groups import Callback, Group, Member
from tests.fakes.log import Isolation
from tests.fakes.transactions import stale_member

T = TypeVar("T")


class GroupMetadata(NamedTuple):
    """What `send_offsets_to_transaction` checks; opaque in the real client."""

    group: Group
    member_id: str
    generation: int


class FakeConsumer:
    """One consumer.

    Every call takes the consumer's gate first, as in 2.16: a callback that waits for another thread which touches the
    consumer waits for ever.
    """

    def __init__(
        self,
        broker: FakeBroker,
        group: str,
        *,
        cooperative: bool = True,
        isolation: Isolation = "read_committed",
        auto_offset_reset: Literal["earliest", "latest"] = "earliest",
        session_secs: float = 45.0,
        max_poll_secs: float = 300.0,
        on_error: Callable[[Any], None] | None = None,
        owner: Any = None,
    ) -> None:
        self.owner = owner
        self.crashed = False
        self.member: Member | None = None
        self._broker = broker
        self._group = broker.group(group)
        self._cooperative = cooperative
        self._isolation: Isolation = isolation
        self._reset = auto_offset_reset
        self._session_secs = session_secs
        self._max_poll_secs = max_poll_secs
        self._on_error = on_error
        self._gate = threading.RLock()
        self._closed = False
        self._topics: list[str] = []
        self._callbacks: dict[str, Rebalance] = {}
        self._positions: dict[Partition, int | None] = {}
        self._paused: set[Partition] = set()
        self._known: set[Partition] = set()
        self._turn = 0
        self._assigned_by_callback = False
        self._events: deque[KafkaError] = deque()
        self._errors: deque[KafkaError] = deque()

    def members(self) -> list[FakeConsumer]:
        """What `FakeBroker.crash` kills."""
        return [self]

    def push_event(self, error: KafkaError) -> None:
        """The next `consume` returns a message that carries this error."""
        self._events.append(error)

    def push_error(self, error: KafkaError) -> None:
        """The next `consume` calls `on_error` with it."""
        self._errors.append(error)

    # The port

    def subscribe(self, topics: list[str], *, on_assign: Rebalance, on_revoke: Rebalance, on_lost: Rebalance) -> None:
        def effect() -> None:
            self._topics = list(topics)
            self._callbacks = {"assign": on_assign, "revoke": on_revoke, "lost": on_lost}
            with self._broker.changed:
                self._join()
            for topic in topics:
                if not topic.startswith("^") and not self._broker.partition_count(topic):
                    self.push_event(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, "subscribed topic not available"))

        self._call("subscribe", effect)

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        def effect() -> list[Message]:
            with self._broker.changed:
                self._broker.tick()  # too late a call is noticed before it counts
                self._poll_again_within(float("inf"))
            try:
                return self._consume(num_messages, timeout)
            finally:
                self._poll_again_within(self._max_poll_secs)

        return self._call("consume", effect)

    def consumer_group_metadata(self) -> GroupMetadata:
        return self._call("consumer_group_metadata", self._metadata)

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._call("assign", lambda: self._assign(partitions, cooperative=False))

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self._call("incremental_assign", lambda: self._assign(partitions, cooperative=True))

    def assignment(self) -> list[TopicPartition]:
        return self._call("assignment", lambda: _topic_partitions(sorted(self._positions)))

    def committed(self, partitions: list[TopicPartition], timeout: float = -1) -> list[TopicPartition]:
        return self._call("committed", lambda: self._committed(partitions, timeout))

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool = True) -> list[TopicPartition] | None:
        def effect() -> list[TopicPartition] | None:
            with self._broker.changed:
                self._broker.tick()
                metadata = self._metadata()
                code = stale_member(metadata.group, metadata.member_id, metadata.generation)
                if code is not None:
                    raise errors.plain(code, "not a member of this generation")
                self._group.offsets.update({Partition(tp.topic, tp.partition): tp.offset for tp in offsets})
            return None if asynchronous else offsets

        return self._call("commit", effect)

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float = -1) -> tuple[int, int] | None:
        def effect() -> tuple[int, int]:
            with self._broker.changed:
                self._broker.tick()
                if partition.partition >= self._broker.partition_count(partition.topic):
                    raise errors.plain(KafkaError._UNKNOWN_PARTITION, "unknown partition")
                return 0, self._broker.partition_log(partition.topic, partition.partition).end(self._isolation)

        return self._call("get_watermark_offsets", effect)

    def seek(self, partition: TopicPartition) -> None:
        def effect() -> None:
            where = Partition(partition.topic, partition.partition)
            if where not in self._positions:
                code = KafkaError._STATE if where in self._known else KafkaError._UNKNOWN_PARTITION
                raise errors.plain(code, "not assigned")
            self._positions[where] = self._start(where, partition.offset)

        self._call("seek", effect)

    def pause(self, partitions: list[TopicPartition]) -> None:
        self._call("pause", lambda: self._paused.update(self._positions.keys() & _partitions(partitions)))

    def resume(self, partitions: list[TopicPartition]) -> None:
        self._call("resume", lambda: self._paused.difference_update(_partitions(partitions)))

    def close(self) -> None:
        def effect() -> None:
            try:
                self._give_up_everything()
            finally:
                self._closed = True
                if self.member is not None:
                    with self._broker.changed:
                        self._broker.leave(self._group, self.member)

        if not self._closed:
            self._call("close", effect)

    # Behind it

    def _call(self, name: str, effect: Callable[[], T]) -> T:
        with self._gate:
            if self._closed:
                raise RuntimeError("Consumer closed")
            return self._broker.call(name, self, effect)

    def _metadata(self) -> GroupMetadata:
        if self.member is None:
            return GroupMetadata(self._group, "", -1)
        return GroupMetadata(self._group, self.member.id, self.member.generation)

    def _consume(self, limit: int, timeout: float) -> list[Message]:
        deadline = self._broker.now() + timeout if timeout >= 0 else float("inf")
        collected: list[tuple[Partition | None, Message]] = []
        raised: Exception | None = None
        while True:
            with self._broker.changed:
                self._broker.tick()
                collected += self._collect(limit - len(collected))
            try:
                served = self._serve()
            except Exception as exception:  # noqa: BLE001 - the real one goes on too, and raises it at the end
                raised, served = raised or exception, True
            if served:
                collected = [(where, message) for where, message in collected if where in {None, *self._positions}]
                continue
            with self._broker.changed:
                if len(collected) >= limit or not self._broker.wait(deadline):
                    break
            self._broker.refuse_crashed(self)
        if raised is not None:
            raise raised  # what was collected is lost, and the position is past it
        return [message for _, message in collected]

    def _collect(self, limit: int) -> list[tuple[Partition | None, Message]]:
        found: list[tuple[Partition | None, Message]] = []
        while self._events and len(found) < limit:
            found.append((None, Message(error=self._events.popleft())))
        ready = sorted(self._positions.keys() - self._paused)
        self._turn += 1
        for index in range(len(ready)):
            partition = ready[(index + self._turn) % len(ready)]
            position = self._position(partition)
            if position is None or len(found) >= limit:
                continue
            log = self._broker.partition_log(*partition)
            entries, self._positions[partition] = log.read(position, limit - len(found), self._isolation)
            found += [
                (
                    partition,
                    Message(
                        topic=partition.topic,
                        partition=partition.partition,
                        offset=entry.offset,
                        key=entry.key,
                        value=entry.value,
                        headers=list(entry.headers) if entry.headers else None,
                        timestamp=(TIMESTAMP_CREATE_TIME, entry.timestamp_ms),
                    ),
                )
                for entry in entries
            ]
        return found

    def _position(self, partition: Partition) -> int | None:
        """Where to read on; None as long as the group's offset is held back by a transaction."""
        position = self._positions[partition]
        if position is None:
            stable = self._group.stable_offset(partition)
            if stable is None:
                return None
            position = self._start(partition, stable)
        if position > self._broker.partition_log(*partition).end_offset:
            position = self._start(partition, OFFSET_INVALID)
        self._positions[partition] = position
        return position

    def _start(self, partition: Partition, offset: int) -> int:
        if offset >= 0:
            return offset
        end = self._broker.partition_log(*partition).end(self._isolation)
        if offset == OFFSET_BEGINNING:
            return 0
        return end if offset == OFFSET_END or self._reset == "latest" else 0

    def _committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        deadline = self._broker.now() + timeout if timeout >= 0 else float("inf")
        with self._broker.changed:
            self._broker.tick()
            while True:
                found = [self._group.stable_offset(Partition(tp.topic, tp.partition)) for tp in partitions]
                if None not in found:
                    break
                if not self._broker.wait(deadline):
                    raise errors.plain(KafkaError._TIMED_OUT, "offsets are held by an open transaction")
        return [
            TopicPartition(tp.topic, tp.partition, offset)
            for tp, offset in zip(partitions, found, strict=True)
            if offset is not None
        ]

    # Rebalances

    def _join(self) -> None:
        self.member = self._broker.join(
            self._group, self._topics, cooperative=self._cooperative, session_secs=self._session_secs
        )

    def _poll_again_within(self, secs: float) -> None:
        if self.member is not None:
            self.member.poll_deadline = self._broker.now() + secs

    def _serve(self) -> bool:
        """Run what waits for this `consume`; True where a rebalance callback ran."""
        while self._errors:
            error = self._errors.popleft()
            if self._on_error is not None:
                self._on_error(error)
        member = self.member
        if member is None:
            return False
        if member.expired:
            if member.overdue:
                self.push_event(KafkaError(KafkaError._MAX_POLL_EXCEEDED, "max.poll.interval.ms exceeded"))
            self._lose(member)
            with self._broker.changed:
                self._join()
            return True
        with self._broker.changed:
            if not member.pending:
                return False
            callback = member.pending[0]
        self._run(member, callback)
        return True

    def _assign(self, partitions: list[TopicPartition], *, cooperative: bool) -> None:
        """From inside `on_assign` only: takes the place of what the client would do after it."""
        if cooperative != self._cooperative:
            raise errors.plain(KafkaError._STATE, "the group's protocol is of the other kind")
        self._assigned_by_callback = True
        for place in partitions:
            where = Partition(place.topic, place.partition)
            self._positions[where] = self._start(where, place.offset)

    def _run(self, member: Member, callback: Callback) -> None:
        self._assigned_by_callback = False
        self._forget_to_wait()
        try:
            self._callbacks[callback.kind](self, _topic_partitions(callback.partitions))
        finally:
            with self._broker.changed:
                if callback.kind == "assign":
                    if not self._assigned_by_callback:
                        self._positions.update(dict.fromkeys(callback.partitions))
                    self._known.update(callback.partitions)
                else:
                    self._forget(callback.partitions)
                if member.pending and member.pending[0] is callback:
                    member.pending.popleft()
                    self._group.served(member, callback)
                self._broker.changed.notify_all()

    def _forget_to_wait(self) -> None:
        """The bug of librdkafka 2.16: a rebalance turns "held back by a transaction" into "no committed offset"."""
        with self._broker.changed:
            for partition, position in self._positions.items():
                if position is None and self._group.stable_offset(partition) is None:
                    self._positions[partition] = self._start(partition, OFFSET_INVALID)

    def _lose(self, member: Member) -> None:
        lost, member.owned = sorted(self._positions), []
        try:
            if lost:
                self._callbacks["lost"](self, _topic_partitions(lost))
        finally:
            self._forget(lost)

    def _give_up_everything(self) -> None:
        member = self.member
        if member is None:
            return
        if member.expired:
            self._lose(member)
        elif member.owned:
            member.pending.clear()
            self._run(member, Callback("revoke", list(member.owned)))

    def _forget(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            self._positions.pop(partition, None)  # what was paused stays so, should it come back


def _partitions(places: list[TopicPartition]) -> set[Partition]:
    return {Partition(place.topic, place.partition) for place in places}


def _topic_partitions(partitions: list[Partition]) -> list[TopicPartition]:
    return [TopicPartition(partition.topic, partition.partition) for partition in partitions]
