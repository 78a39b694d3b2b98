"""A producer with the errors of `confluent_kafka.Producer` 2.16, transactional or not.

A batch goes to the broker as soon as it holds `linger_messages`, or at the next call that would wait for it. What goes
wrong there shows up later, as in librdkafka: an abortable error at commit, a fatal one first as an odd `_FATAL` from
`produce` and then, once, as itself from `poll`.
"""

from __future__ import annotations

import warnings
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from confluent_kafka import TIMESTAMP_CREATE_TIME, KafkaError, KafkaException, Message, TopicPartition

from scrubber.core.records import Partition
from tests.fakes import errors
from tests.fakes.broker import FakeBroker, Queued
from tests.fakes.consumer import GroupMetadata
from tests.fakes.transactions import stale_member

T = TypeVar("T")
State = Literal["new", "ready", "open", "abortable", "fatal"]


class FakeProducer:
    """One producer; transactional where it has a `transactional_id`."""

    def __init__(
        self,
        broker: FakeBroker,
        transactional_id: str | None = None,
        *,
        transaction_timeout_secs: float = 60.0,
        message_max_bytes: int = 1_000_000,
        linger_messages: int = 1,
        on_delivery_error: Callable[[KafkaError, Message], None] | None = None,
        owner: Any = None,
    ) -> None:
        self.owner = owner
        self.crashed = False
        self._broker = broker
        self._id = transactional_id
        self._timeout_secs = transaction_timeout_secs
        self._message_max_bytes = message_max_bytes
        self._linger_messages = linger_messages
        self._on_delivery_error = on_delivery_error
        self._epoch = -1
        self._state: State = "new" if transactional_id else "ready"
        self._error: KafkaException | None = None
        self._fatal_untold = False
        self._touched = False
        self._batches: dict[Partition, list[Queued]] = {}
        self._reports: deque[tuple[KafkaError, Message]] = deque()
        self._failed_deliveries = 0
        self._gaps: set[Partition] = set()
        self._unfinished: str | None = None
        self._closed = False

    def members(self) -> list[FakeProducer]:
        """What `FakeBroker.crash` kills."""
        return [self]

    # The port

    def init_transactions(self, timeout: float = -1) -> None:
        def effect() -> None:
            self._require("new")
            with self._broker.changed:
                self._epoch = self._broker.transactions.init(self._name, self._timeout_secs)
                self._broker.changed.notify_all()
            self._state = "ready"

        self._call("init_transactions", effect)

    def begin_transaction(self) -> None:
        def effect() -> None:
            self._require("ready")
            self._state, self._touched, self._failed_deliveries = "open", False, 0

        self._call("begin_transaction", effect)

    def produce(  # noqa: PLR0917 - the client's signature; named arguments cost it a third more
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        callback: None = None,
        on_delivery: None = None,
        timestamp: int = 0,
        headers: list[tuple[str, bytes | None]] | None = None,
    ) -> None:
        def effect() -> None:
            if self._state == "fatal":
                raise errors.hidden_fatal()
            if self._id is not None and self._state != "open":
                raise errors.plain(KafkaError._STATE, "no transaction is open")
            size = len(key or b"") + len(value or b"") + sum(len(k) + len(v or b"") for k, v in headers or [])
            if size > self._message_max_bytes:
                raise errors.plain(KafkaError.MSG_SIZE_TOO_LARGE, "over message.max.bytes")
            where = Partition(topic, self._choose(topic, key) if partition < 0 else partition)
            if where.partition >= self._broker.partition_count(topic) > 0:
                raise errors.plain(KafkaError._UNKNOWN_PARTITION, "the topic has no such partition")
            stamp = timestamp or int(self._broker.now() * 1000)
            batch = self._batches.setdefault(where, [])
            batch.append((stamp, key, value, list(headers) if headers else None))
            if len(batch) >= self._linger_messages:
                self._send(where)

        self._call("produce", effect)

    def poll(self, timeout: float = -1) -> int:
        def effect() -> int:
            self._send_all()
            return self._report()

        return self._call("poll", effect)

    def flush(self, timeout: float = -1) -> int:
        def effect() -> int:
            self._send_all()
            self._report()
            return 0

        return self._call("flush", effect)

    def send_offsets_to_transaction(self, offsets: list[TopicPartition], metadata: Any, timeout: float = -1) -> None:
        def effect() -> None:
            assert isinstance(metadata, GroupMetadata)
            self._send_all()
            found = {Partition(tp.topic, tp.partition): tp.offset for tp in offsets if tp.offset >= 0}
            if found:
                self._require("open")
                self._request(lambda: self._add_offsets(metadata, found))

        self._call("send_offsets_to_transaction", effect)

    def commit_transaction(self, timeout: float = -1) -> None:
        def effect() -> None:
            self._send_all()
            self._report_deliveries()
            self._require("open")
            if self._failed_deliveries:
                self._latch(errors.abortable(KafkaError._INCONSISTENT, "messages failed delivery"))
            self._end(commit=True)

        self._call("commit_transaction", effect)

    def abort_transaction(self, timeout: float = -1) -> None:
        def effect() -> None:
            self._require("open", "abortable")
            self._purge()
            self._end(commit=False)
            self._report()

        self._call("abort_transaction", effect)

    def close(self) -> None:
        def effect() -> None:
            if self._id is not None and self._state in {"open", "abortable"}:
                self._purge()
                try:
                    self._end(commit=False)
                except KafkaException:
                    warnings.warn("Producer abort_transaction failed during close", RuntimeWarning, stacklevel=2)
            elif self._state == "ready":
                self._send_all()
            self._report()

        try:
            if not self._closed:
                self._call("close", effect)
        finally:
            self._closed = True

    # Behind it

    @property
    def _name(self) -> str:
        assert self._id is not None, "not a transactional producer"
        return self._id

    def _call(self, name: str, effect: Callable[[], T]) -> T:
        if self._closed:
            raise RuntimeError("Producer has been closed")
        transactional = name.endswith(("_transaction", "_transactions"))
        if transactional and self._unfinished not in {None, name}:
            raise errors.retriable(KafkaError._CONFLICT, f"{self._unfinished} is still under way")
        resumed, self._unfinished = self._unfinished, None if transactional else self._unfinished
        try:
            return self._broker.call(name, self, effect if not (transactional and resumed) else self._resume(effect))
        except KafkaException as problem:
            if transactional and problem.args[0].code() == KafkaError._TIMED_OUT:
                self._unfinished = name
            self._latch(problem, raise_it=False)
            raise

    def _resume(self, effect: Callable[[], T]) -> Callable[[], T]:
        """A call that timed out goes on in the background: called again, it does what is not done yet."""

        def resumed() -> T:
            if self._state in {"open", "new"}:
                return effect()
            return None  # type: ignore[return-value]

        return resumed

    def _require(self, *states: State) -> None:
        if self._state in states:
            return
        if self._error is not None and self._state in {"abortable", "fatal"}:
            raise self._error
        raise errors.plain(KafkaError._STATE, f"not valid in state {self._state}")

    def _latch(self, problem: KafkaException, *, raise_it: bool = True) -> None:
        """Remember what the error means for this producer."""
        error = problem.args[0]
        if error.code() == KafkaError._FATAL and self._state != "fatal":  # injected: the true error is still untold
            problem, error = errors.fenced(), errors.fenced().args[0]
        if error.fatal() and self._state != "fatal":
            self._state, self._error, self._fatal_untold = "fatal", problem, True
        elif error.txn_requires_abort() and self._state == "open":
            self._state, self._error = "abortable", problem
        if raise_it:
            raise problem

    def _request(self, effect: Callable[[], T]) -> T:
        """One exchange with the broker; its errors change this producer's state."""
        with self._broker.changed:
            self._broker.tick()
            try:
                return effect()
            except KafkaException as problem:
                self._latch(problem, raise_it=False)
                raise

    def _send_all(self) -> None:
        for where in list(self._batches):
            self._send(where)

    def _send(self, where: Partition) -> None:
        batch = self._batches.pop(where)
        if not self._broker.partition_count(where.topic):
            self._failed(where, batch, KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, "unknown topic"))
            return
        try:
            self._request(lambda: self._append(where, batch))
        except KafkaException as problem:
            error = problem.args[0]
            if error.code() == KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER:
                error = KafkaError(KafkaError._PURGE_QUEUE, "purged")
            elif self._id is not None and not error.fatal():
                self._gaps.add(where)
                self._latch(errors.abortable(error.code(), error.str()), raise_it=False)
            self._failed(where, batch, error)

    def _append(self, where: Partition, batch: list[Queued]) -> None:
        log = self._broker.partition_log(*where)
        transaction = None
        if self._id is not None:
            transaction = self._broker.transactions.add_partition(self._name, self._epoch, log)
            self._touched = True
        self._broker.refuse_oversized(where.topic, batch)
        if where in self._gaps:
            raise errors.abortable(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "a refused batch left a gap")
        self._broker.append_batch(where, batch, transaction)

    def _add_offsets(self, metadata: GroupMetadata, offsets: dict[Partition, int]) -> None:
        self._broker.transactions.check(self._name, self._epoch)
        code = stale_member(metadata.group, metadata.member_id, metadata.generation)
        if code is not None:
            raise errors.abortable(code, "not a member of this generation")
        self._broker.transactions.add_offsets(self._name, self._epoch, metadata.group, offsets)
        self._touched = True

    def _end(self, *, commit: bool) -> None:
        if self._touched:
            self._request(lambda: self._broker.transactions.end(self._name, self._epoch, commit=commit))
            with self._broker.changed:
                self._broker.changed.notify_all()
        if not commit and self._error is not None:
            self._mend()
        self._state, self._error = "ready", None

    def _mend(self) -> None:
        """After a gap in the sequence numbers was told, the abort gives the producer a new epoch without one."""
        assert self._error is not None, "Nothing to mend. This is a bug."
        if self._error.args[0].code() == KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER:
            self._epoch = self._request(lambda: self._broker.transactions.init(self._name, self._timeout_secs))
            self._gaps.clear()

    def _purge(self) -> None:
        for where, batch in list(self._batches.items()):
            self._failed(where, batch, KafkaError(KafkaError._PURGE_QUEUE, "purged"))
        self._batches.clear()

    def _failed(self, where: Partition, batch: list[Queued], error: KafkaError) -> None:
        self._failed_deliveries += len(batch)
        for stamp, key, value, _ in batch:
            self._reports.append(
                (
                    error,
                    Message(
                        topic=where.topic,
                        partition=where.partition,
                        key=key,
                        value=value,
                        error=error,
                        timestamp=(TIMESTAMP_CREATE_TIME, stamp),
                    ),
                )
            )

    def _report(self) -> int:
        if self._fatal_untold:
            self._fatal_untold = False
            assert self._error is not None, "A fatal state without its error. This is a bug."
            raise self._error
        return self._report_deliveries()

    def _report_deliveries(self) -> int:
        served = 0
        while self._reports:
            error, message = self._reports.popleft()
            served += 1
            if self._on_delivery_error is not None:
                self._on_delivery_error(error, message)
        return served

    def _choose(self, topic: str, key: bytes | None) -> int:
        count = max(self._broker.partition_count(topic), 1)
        return zlib.crc32(key) % count if key else 0
