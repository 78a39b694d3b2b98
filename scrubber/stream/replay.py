"""The quarantine topic outside the worker: read it from beginning to end, and send records back where they came from.

Neither joins the worker's group nor uses its transactional id, so both may run beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from confluent_kafka import KafkaError, KafkaException, Message

from scrubber.core.records import Record
from scrubber.stream import faults, reading
from scrubber.stream.clients import KafkaClients
from scrubber.stream.ports import ProducerClient
from scrubber.stream.reading import fatal
from scrubber.stream.settings import StreamSettings

_POLL_SECS = 1.0


def quarantine_topics(settings: StreamSettings) -> list[str]:
    """Return the quarantine topics of all routes that are on the cluster. Raises FatalStreamError."""
    on_cluster, routes = reading.topic_names(settings), settings.routes
    return [topic for topic in on_cluster if any(route.writes(route.quarantine, topic) for route in routes)]


def envelopes(settings: StreamSettings, topics: Sequence[str]) -> Iterator[bytes]:
    """Yield what `topics` hold up to their ends of now, partition by partition in order. Raises FatalStreamError."""
    return (record.value or b"" for record in reading.records(settings, topics, what="the quarantine"))


def send_back(settings: StreamSettings, records: Iterable[Record], to: str | None = None) -> int:
    """Produce `records` as they were read, and return how many; all are delivered when this returns.

    Each goes to the partition of the topic that it came from; to the topic `to`, where one is given, by its key. Not
    transactional: what is sent before an error stays sent. Raises FatalStreamError with the first delivery error.
    """
    failed: list[KafkaError] = []

    def on_delivery_error(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failed.append(error)

    clients = KafkaClients(replace(settings, delivery="at_least_once"))
    producer = clients.producer(on_error=lambda _error: None, on_delivery_error=on_delivery_error)
    sent = 0
    try:
        for record in records:
            _queue(producer, record, to)
            sent += 1
            if failed:
                break
        while not failed and producer.flush(_POLL_SECS):
            pass  # message.timeout.ms ends the wait
    except KafkaException as error:
        failed.append(faults.kafka_error(error))
    finally:
        producer.close()
    if failed:
        raise fatal(f"not all of {sent} records were delivered", failed[0])
    return sent


def _queue(producer: ProducerClient, record: Record, to: str | None) -> None:
    topic, partition = (to, -1) if to is not None else (record.topic, record.partition)
    timestamp_ms = max(record.timestamp_ms, 0)  # 0: the client stamps it, as the source gave none
    while True:
        try:
            producer.produce(topic, record.value, record.key, partition, timestamp=timestamp_ms, headers=record.headers)
        except BufferError:
            producer.poll(_POLL_SECS)
        else:
            return
