"""What most Kafka tests do: make topics, fill them, and read them from beginning to end.

`client` is everywhere either a bootstrap address or a client's whole settings (a secured cluster's).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

Client = str | Mapping[str, Any]
RUN = f"scrubber-test-{os.getpid():x}-{time.time_ns() // 1_000_000 % 0xFFFFFFFF:x}"
_numbers = count(1)


class Sent(NamedTuple):
    """A record to produce."""

    value: bytes | None
    key: bytes | None = None
    partition: int = -1
    headers: list[tuple[str, bytes | None]] | None = None
    timestamp_ms: int = 0


def unique(name: str) -> str:
    """A name that no other test, run or machine uses: for topics, groups and transactional ids."""
    return f"{RUN}-{next(_numbers)}-{name}"


def create_topic(client: Client, name: str, partitions: int = 4, **settings: str) -> str:
    """Create a topic under a unique name and return that; `settings` write `.` as `_` (`max_message_bytes="2000"`).

    It keeps everything: a broker deletes records with timestamps of years ago at its next look, read or not.
    """
    topic = unique(name)
    config = {"retention.ms": "-1"} | {key.replace("_", "."): value for key, value in settings.items()}
    admin = AdminClient(_settings(client))  # must live until the future is done, or the future fails
    admin.create_topics([NewTopic(topic, partitions, config=config)])[topic].result(timeout=60)
    deadline = time.monotonic() + 30
    while not _has_leaders(admin, topic, partitions):  # a client that comes too early sees an unknown topic
        assert time.monotonic() < deadline, f"{topic} has no leaders"
        time.sleep(0.05)
    return topic


def delete_topics(client: Client, names: Iterable[str]) -> None:
    admin = AdminClient(_settings(client))
    for future in admin.delete_topics(list(names)).values():
        future.result(timeout=60)


def produce(client: Client, topic: str, records: Iterable[Sent | bytes]) -> None:
    """Produce each record exactly once, in order per partition.

    Raises:
        KafkaException: a record was not delivered.
    """
    failed: list[KafkaError] = []
    quiet = {"log_level": 0, "error_cb": lambda error: failed.append(error) if error.fatal() else None}
    producer = Producer({"enable.idempotence": True, "linger.ms": 5, **quiet, **_settings(client)})

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error:
            failed.append(error)

    for record in records:
        value, key, partition, headers, timestamp_ms = record if isinstance(record, Sent) else Sent(record)
        while True:
            try:
                producer.produce(
                    topic, value, key, partition, on_delivery=delivered, timestamp=timestamp_ms, headers=headers
                )
                break
            except BufferError:
                producer.poll(0.1)
    left = producer.flush(60)
    if failed or left:
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._MSG_TIMED_OUT))


def read_topic(client: Client, topic: str, *, committed: bool = True, timeout_secs: float = 60) -> list[Message]:
    """Every record of the topic, partition by partition in offset order.

    With `committed`, up to the last stable offset and nothing of an open or aborted transaction; without, all that was
    written.

    Raises:
        TimeoutError: the end was not reached in time.
        KafkaException: the broker refused.
    """
    consumer = Consumer(
        {
            **_settings(client),
            "group.id": unique("reader"),
            "enable.auto.commit": False,
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "enable.partition.eof": True,
            "log_level": 2,
        }
    )
    try:
        partitions = sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        records: dict[int, list[Message]] = {partition: [] for partition in partitions}
        unfinished = set(partitions)
        deadline = time.monotonic() + timeout_secs
        while unfinished:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the ends of partitions {sorted(unfinished)} of {topic} were not reached")
            for message in consumer.consume(2000, 0.05):
                error = message.error()
                if error is None:
                    records[message.partition()].append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    unfinished.discard(message.partition())
                else:
                    raise KafkaException(error)
        return [message for partition in partitions for message in records[partition]]
    finally:
        consumer.close()


def _settings(client: Client) -> dict[str, Any]:
    return {"bootstrap.servers": client} if isinstance(client, str) else dict(client)


def _has_leaders(admin: AdminClient, topic: str, partitions: int) -> bool:
    known = admin.list_topics(topic, timeout=10).topics[topic].partitions
    return len(known) == partitions and all(partition.leader >= 0 for partition in known.values())
