"""Exactly once, judged by input offset: what a read-committed reader of the outputs can see, against the input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import orjson
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from scrubber.core.records import Headers
from tests.faults.job import PLANTED, Job, is_broken, is_planted, value
from tests.kafka_lab.topics import unique

READ_SECS = 60


@dataclass
class Verdict:
    """What is wrong (nothing, it is hoped), and what was counted on the way."""

    records: int = 0
    clean: int = 0
    quarantined: int = 0
    audited: int = 0
    hidden: int = 0
    """Records of aborted transactions in the clean topic: that faults hit while something was under way."""
    problems: list[str] = field(default_factory=list)


def verify(job: Job, records: int) -> Verdict:
    """Hold the promise against everything in the topics, once all work is done."""
    verdict = Verdict()
    counts = _check_input(job, verdict)
    if verdict.records != records:
        verdict.problems.append(f"{verdict.records} records in the input, fed {records}")
    outcomes, audits = Marks(counts), Marks(counts)
    for message in read(job.bootstrap, job.clean):
        verdict.clean += 1
        verdict.problems += _check_clean(message, outcomes)
    for message in read(job.bootstrap, job.quarantine):
        verdict.quarantined += 1
        verdict.problems += _check_quarantined(message, outcomes, job.source)
    for message in read(job.bootstrap, job.audit):
        verdict.audited += 1
        verdict.problems += _check_audit(message, audits, job.source)
    verdict.problems += _check_counts(outcomes, audits)
    verdict.problems += _check_ends(job, counts)
    verdict.hidden = sum(1 for _ in read(job.bootstrap, job.clean, committed=False)) - verdict.clean
    return verdict


class Marks:
    """How often each input offset has come up, and whether its topic told them in order."""

    def __init__(self, counts: list[int]) -> None:
        self.times = [bytearray(count) for count in counts]
        self._last: dict[tuple[str | None, int], int] = {}

    def note(self, message: Message, partition: int, offset: int) -> list[str]:
        """Note one appearance; return what is wrong with it."""
        place = f"{partition}-{offset} in {message.topic()}"
        if partition >= len(self.times) or offset >= len(self.times[partition]):
            return [f"{place} was never in the input"]
        problems = []
        if message.partition() != partition:
            problems.append(f"{place} is in partition {message.partition()}")
        if offset <= self._last.get((message.topic(), partition), -1):
            problems.append(f"{place} is out of order")
        self._last[message.topic(), partition] = offset
        self.times[partition][offset] = min(self.times[partition][offset] + 1, 255)
        return problems


def read(bootstrap: str, topic: str, *, committed: bool = True) -> Iterator[Message]:
    """All messages of a topic, in order within each partition, without keeping them."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": unique("verify"),
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "metadata.recovery.strategy": "none",
            "log_level": 0,
        }
    )
    try:
        unfinished = set(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unfinished])
        while unfinished:
            messages = consumer.consume(1, READ_SECS)
            assert messages, f"no end of {topic} within {READ_SECS} s"
            for message in messages + consumer.consume(2_000, 0.01):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    unfinished.discard(message.partition())
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()


class Progress:
    """How far a job's group is.

    Asks with a Consumer that never joins: `AdminClient.list_consumer_group_offsets` of librdkafka 2.16 dies of a
    segmentation fault while the group's coordinator is away (librdkafka issue 5040).
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._consumer = Consumer(
            {
                "bootstrap.servers": job.bootstrap,
                "group.id": job.group,
                "metadata.recovery.strategy": "none",
                "log_level": 0,
            }
        )

    def committed(self) -> int:
        """Records that the group has committed; 0 as long as that cannot be told, as in an open transaction."""
        places = [TopicPartition(self._job.source, number) for number in range(self._job.partitions)]
        try:
            return sum(max(place.offset, 0) for place in self._consumer.committed(places, 2))
        except KafkaException:
            return 0

    def written(self) -> int:
        """Where readers of the clean topic may go, markers included; 0 as long as that cannot be told."""
        try:
            return sum(_ends(self._consumer, self._job, self._job.clean))
        except KafkaException:
            return 0

    def close(self) -> None:
        """Leave nothing behind."""
        self._consumer.close()


def _check_input(job: Job, verdict: Verdict) -> list[int]:
    """The input is what `job.value` says, or the test itself is broken."""
    counts = [0] * job.partitions
    for message in read(job.bootstrap, job.source):
        verdict.records += 1
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        assert message.value() == value(partition, offset), f"the input is not as it was made: {partition}-{offset}"
        counts[partition] = offset + 1
    return counts


def _check_clean(message: Message, outcomes: Marks) -> Iterator[str]:
    yield from _check_raw(message)
    name = orjson.loads(message.value() or b"")["id"]
    partition, offset = map(int, name.split("-"))
    if is_broken(offset):
        yield f"{name} is clean, and belongs in quarantine"
    yield from outcomes.note(message, partition, offset)


def _check_quarantined(message: Message, outcomes: Marks, topic: str) -> Iterator[str]:
    yield from _check_raw(message)
    source = orjson.loads(message.value() or b"")["source"]
    if source["topic"] != topic or not is_broken(source["offset"]):
        yield f"quarantined for no reason: {source}"
    yield from outcomes.note(message, source["partition"], source["offset"])


def _check_audit(message: Message, audits: Marks, topic: str) -> Iterator[str]:
    yield from _check_raw(message)
    event = orjson.loads(message.value() or b"")
    source = event["source"]
    if source["topic"] != topic or not event["redactions"]:
        yield f"an audit event about nothing: {source}"
    yield from audits.note(message, source["partition"], source["offset"])


def _check_raw(message: Message) -> Iterator[str]:
    parts = [message.value(), message.key()]
    for _, content in cast("Headers", message.headers() or []):
        parts.append(content)
    if any(part is not None and PLANTED in part for part in parts):
        yield f"a raw value in {message.topic()}[{message.partition()}] at {message.offset()}"


def _check_counts(outcomes: Marks, audits: Marks) -> Iterator[str]:
    for partition, (times, events) in enumerate(zip(outcomes.times, audits.times, strict=True)):
        for offset, (came, told) in enumerate(zip(times, events, strict=True)):
            expected = int(is_planted(offset) and not is_broken(offset))
            if came != 1:
                yield f"{partition}-{offset} came out {came} times"
            if told != expected:
                yield f"{partition}-{offset} has {told} audit events, not {expected}"


def _check_ends(job: Job, counts: list[int]) -> Iterator[str]:
    """Nothing is left to do and no transaction is open."""
    progress = Progress(job)
    committed = progress.committed()
    progress.close()
    if committed != sum(counts):
        yield f"the group has committed {committed} of {sum(counts)}"
    for topic in job.outputs:
        ends = []
        for level in ("read_committed", "read_uncommitted"):
            consumer = Consumer(
                {"bootstrap.servers": job.bootstrap, "group.id": unique("verify"), "isolation.level": level}
            )
            ends.append(_ends(consumer, job, topic))
            consumer.close()
        if ends[0] != ends[1]:
            yield f"an open transaction in {topic}: readers stop at {ends[0]}, the end is {ends[1]}"


def _ends(consumer: Consumer, job: Job, topic: str) -> list[int]:
    marks = [consumer.get_watermark_offsets(TopicPartition(topic, number), 10) for number in range(job.partitions)]
    return [high for _, high in marks]
