"""Topics of its own on a cluster: fill them, watch a worker on them, count what came out, take them away again.

For the demo and whoever else wants to see the promise kept: identity is the **input offset**, so each input record is
found exactly once in clean or quarantine, or the count says how many are missing or there twice.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # its stubs forget NewTopic

from scrubber.errors import FatalStreamError

PARTITIONS = 4
ORIGIN = "demo-origin"  # header of every record: partition and offset it has in the input topic
CALL_SECS = 30.0


class Count(NamedTuple):
    """What became of the input records, read-committed."""

    records_in: int
    clean: int
    quarantined: int
    missing: int
    twice: int
    repeated: int
    out_of_order: int
    raw: int


class Trial:
    """Four topics with a prefix of their own; gone when the `with` block ends (where the cluster can delete topics).

    Args:
        bootstrap: address of the cluster.
        create: False where the cluster makes topics by itself (the mock cluster).
    """

    def __init__(self, bootstrap: str, *, prefix: str = "", create: bool = True) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix or f"scrubber-demo-{uuid.uuid4().hex[:8]}"
        self.source = f"{self.prefix}.raw"
        self.clean, self.audit, self.quarantine = (f"{self.source}.{kind}" for kind in ("clean", "audit", "quarantine"))
        self.group = f"{self.prefix}-group"
        self.create = create

    @property
    def topics(self) -> dict[str, int]:
        """Names and partition counts."""
        return dict.fromkeys((self.source, self.clean, self.audit, self.quarantine), PARTITIONS)

    def __enter__(self) -> Self:
        self._onlooker = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.group, "log_level": 2})
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})
        if self.create:
            futures = self._admin.create_topics([NewTopic(name, count) for name, count in self.topics.items()])
            for future in futures.values():
                try:
                    future.result(CALL_SECS)
                except KafkaException as exception:
                    raise FatalStreamError(f"no topics for the demo: {exception.args[0].str()}") from None
                except TimeoutError:
                    silence = f"{self.bootstrap} has not answered for {CALL_SECS:g} s"
                    raise FatalStreamError(f"no topics for the demo: {silence}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._onlooker.close()
        if self.create:
            for future in self._admin.delete_topics(list(self.topics)).values():
                future.exception(CALL_SECS)
            for future in self._admin.delete_consumer_groups([self.group]).values():
                future.exception(CALL_SECS)

    def fill(self, values: Iterable[str]) -> int:
        """Produce the input records over all partitions in turn; returns how many."""
        failed: list[KafkaError] = []
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "delivery.report.only.error": True,
                "log_level": 2,
                "on_delivery": lambda error, _message: failed.append(error),
            }
        )
        sent = 0
        for sent, value in enumerate(values, start=1):
            partition, offset = (sent - 1) % PARTITIONS, (sent - 1) // PARTITIONS
            while True:
                try:
                    producer.produce(
                        self.source, value.encode(), None, partition, headers=[(ORIGIN, b"%d-%d" % (partition, offset))]
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
        if producer.flush(CALL_SECS) or failed:
            raise FatalStreamError("the demo's records cannot be produced")
        return sent

    def committed(self) -> int:
        """Records of the input that are done, as the group's committed offsets say.

        Asks with a consumer that never joins: `AdminClient.list_consumer_group_offsets` of librdkafka 2.16 may crash
        the process while the group's coordinator is away (librdkafka issue 5040). Waits for a transaction in flight.
        """
        places = [TopicPartition(self.source, number) for number in range(PARTITIONS)]
        return sum(max(place.offset, 0) for place in self._onlooker.committed(places, CALL_SECS))

    def wait_for_open_transaction(self, give_up: Callable[[], bool]) -> bool:
        """Return as soon as the clean topic holds records that no read-committed reader may see yet."""
        readers = [self._reader(level) for level in ("read_committed", "read_uncommitted")]
        try:
            while not give_up():
                stable, end = (self._ends(reader) for reader in readers)
                if end > stable > 0:
                    return True
            return False
        finally:
            for reader in readers:
                reader.close()

    def count(self, planted: Sequence[Sequence[str]]) -> Count:
        """Read everything that came out, and hold it against the input by offset.

        `planted` has, for each record in the order of `fill`, the values that must be gone from it.
        """
        origins: list[tuple[int, int]] = []
        per_topic: dict[str, list[tuple[int, int]]] = {self.clean: [], self.quarantine: []}
        raw = 0
        for topic, partition, value, headers in self._read([self.source, self.clean, self.quarantine]):
            if topic == self.source:
                origins.append(_origin(headers))
                continue
            if topic == self.quarantine:
                source = json.loads(value)["source"]
                per_topic[topic].append((source["partition"], source["offset"]))
                continue
            origin = _origin(headers)
            assert origin[0] == partition, "A record changed its partition. This is a bug."
            per_topic[topic].append(origin)
            raw += any(secret.encode() in value for secret in planted[_position(origin)])
        seen = Counter(per_topic[self.clean]) + Counter(per_topic[self.quarantine])
        return Count(
            records_in=len(origins),
            clean=len(per_topic[self.clean]),
            quarantined=len(per_topic[self.quarantine]),
            missing=sum(1 for origin in origins if origin not in seen),
            twice=sum(1 for times in seen.values() if times > 1),
            repeated=sum(times - 1 for times in seen.values()),
            out_of_order=_out_of_order(per_topic[self.clean]),
            raw=raw,
        )

    def values(self, topic: str) -> Iterator[bytes]:
        """Yield the values of a topic, read-committed."""
        return (message.value for message in self._read([topic]))

    def _read(self, topics: Sequence[str]) -> list[_Message]:
        reader = self._reader("read_committed")
        try:
            places = [
                TopicPartition(topic, number, OFFSET_BEGINNING) for topic in topics for number in range(PARTITIONS)
            ]
            ends = {(place.topic, place.partition): self._end(reader, place) for place in places}
            unfinished = {place for place, end in ends.items() if end > 0}
            reader.assign(places)
            found: list[_Message] = []
            deadline = time.monotonic() + 2 * CALL_SECS
            while unfinished and time.monotonic() < deadline:
                for message in reader.consume(2_000, 0.1):
                    place = (str(message.topic()), int(message.partition() or 0))
                    if message.error() is not None:  # the end of a partition: markers take offsets, too
                        unfinished.discard(place)
                        continue
                    found.append(_Message(*place, message.value() or b"", dict(message.headers() or [])))
            return found
        finally:
            reader.close()

    def _reader(self, isolation: str) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"{self.prefix}-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": isolation,
                "log_level": 2,
            }
        )

    def _ends(self, reader: Consumer) -> int:
        return sum(self._end(reader, TopicPartition(self.clean, number)) for number in range(PARTITIONS))

    def _end(self, reader: Consumer, place: TopicPartition) -> int:
        return int(reader.get_watermark_offsets(place, CALL_SECS)[1])


class _Message(NamedTuple):
    topic: str
    partition: int
    value: bytes
    headers: dict[str, Any]


def _origin(headers: dict[str, Any]) -> tuple[int, int]:
    partition, offset = (headers[ORIGIN] or b"").split(b"-")
    return int(partition), int(offset)


def _position(origin: tuple[int, int]) -> int:
    """Which record of `fill` it is."""
    partition, offset = origin
    return offset * PARTITIONS + partition


def _out_of_order(origins: Sequence[tuple[int, int]]) -> int:
    last: dict[int, int] = {}
    count = 0
    for partition, offset in origins:
        count += offset < last.get(partition, -1)
        last[partition] = offset
    return count
