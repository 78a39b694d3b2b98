"""Topics from outside the worker: read to their ends of now, or followed. Joins no group and commits nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from scrubber.core.records import Record
from scrubber.errors import FatalStreamError
from scrubber.stream import faults
from scrubber.stream.clients import ClientLog, admin_properties
from scrubber.stream.headers import headers_of
from scrubber.stream.settings import StreamSettings

REQUEST_SECS = 30.0
_POLL_SECS = 1.0
_SILENCE_SECS = 60.0


def topic_names(settings: StreamSettings) -> list[str]:
    """Return the names of all topics on the cluster. Raises FatalStreamError."""
    consumer = _consumer(settings)
    try:
        return sorted(consumer.list_topics(timeout=REQUEST_SECS).topics)
    except KafkaException as error:
        raise fatal("the cluster did not name its topics", faults.kafka_error(error)) from None
    finally:
        consumer.close()


def ends(settings: StreamSettings, topic: str) -> dict[int, int]:
    """Return where each partition of `topic` ends. Raises FatalStreamError."""
    consumer = _consumer(settings)
    try:
        return {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=REQUEST_SECS)[1]
            for number in _partitions(consumer, topic, "the topic")
        }
    except KafkaException as error:
        raise fatal("the topic cannot be read", faults.kafka_error(error)) from None
    finally:
        consumer.close()


def records_before(settings: StreamSettings, topic: str, partition: int, end: int | None = None) -> Iterator[Record]:
    """Yield what one partition holds before the offset `end`; None: its end of now. Raises FatalStreamError."""
    consumer = _consumer(settings)
    try:
        consumer.assign([_from(consumer, TopicPartition(topic, partition), None)])
        for record in _to_the_end(consumer):
            if end is not None and record.offset >= end:
                return
            yield record
    except KafkaException as error:
        raise fatal("the topic cannot be read", faults.kafka_error(error)) from None
    finally:
        consumer.close()


def records(
    settings: StreamSettings,
    topics: Sequence[str],
    *,
    what: str,
    last: int | None = None,
) -> Iterator[Record]:
    """Yield what `topics` hold up to their ends of now, partition by partition in order; committed records only.

    `last`: about so many of each partition. `what` is what errors call it. Raises FatalStreamError.
    """
    consumer = _consumer(settings)
    try:
        numbers = {topic: _partitions(consumer, topic, what) for topic in topics}
        for topic in topics:
            for number in numbers[topic]:
                consumer.assign([_from(consumer, TopicPartition(topic, number), last)])
                yield from _to_the_end(consumer)
    except KafkaException as error:
        raise fatal(f"{what} cannot be read", faults.kafka_error(error)) from None
    finally:
        consumer.close()


def follow(settings: StreamSettings, topics: Sequence[str], *, what: str) -> Iterator[Record]:
    """Yield what comes to `topics` from now on, for ever. Raises FatalStreamError."""
    consumer = _consumer(settings)
    try:
        all_of_them = [
            TopicPartition(topic, number) for topic in topics for number in _partitions(consumer, topic, what)
        ]
        consumer.assign([_from(consumer, each, 0) for each in all_of_them])
        while True:
            message = consumer.poll(_POLL_SECS)
            if message is not None and not _is_end(message):
                yield _record(message)
    except KafkaException as error:
        raise fatal(f"{what} cannot be read", faults.kafka_error(error)) from None
    finally:
        consumer.close()


def fatal(what: str, error: KafkaError) -> FatalStreamError:
    """Return the error to raise: what could not be done, and Kafka's code."""
    return FatalStreamError(f"{what}: {faults.code_name(error)}", faults.code_name(error))


def _partitions(consumer: Consumer, topic: str, what: str) -> list[int]:
    try:
        known = consumer.list_topics(timeout=REQUEST_SECS).topics
    except KafkaException as error:
        raise fatal(f"{what} cannot be read", faults.kafka_error(error)) from None
    if topic not in known:
        raise FatalStreamError(f"no topic is called {topic!r}")
    return sorted(known[topic].partitions)


def _from(consumer: Consumer, partition: TopicPartition, last: int | None) -> TopicPartition:
    """Return the place to begin at: `last` offsets before the end, some of which may be the marks of transactions.

    Never a logical offset: while librdkafka looks one up it may look it up twice, and begin again (see `placement.py`).
    """
    low, high = consumer.get_watermark_offsets(partition, timeout=REQUEST_SECS)
    partition.offset = low if last is None else max(low, high - last)
    return partition


def _to_the_end(consumer: Consumer) -> Iterator[Record]:
    silent_secs = 0.0
    while silent_secs < _SILENCE_SECS:
        message = consumer.poll(_POLL_SECS)
        if message is None:
            silent_secs += _POLL_SECS
            continue
        silent_secs = 0.0
        if _is_end(message):
            return
        yield _record(message)
    raise FatalStreamError(f"no answer from the brokers for {_SILENCE_SECS:.0f} s")


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client names its own codes so
        return True
    raise KafkaException(error)


def _record(message: Message) -> Record:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None, "A message without a topic. This is a bug."
    assert partition is not None, "A message without a partition. This is a bug."
    assert offset is not None, "A message without an offset. This is a bug."
    timestamp_ms = message.timestamp()[1]
    return Record(topic, partition, offset, timestamp_ms, message.key(), message.value(), headers_of(message))


def _consumer(settings: StreamSettings) -> Consumer:
    properties = admin_properties(settings) | {
        "group.id": settings.kafka.group_id,  # asked for by the client; nothing is joined or committed
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
    return Consumer(properties, logger=ClientLog("consumer"))
