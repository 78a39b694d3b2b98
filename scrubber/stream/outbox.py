"""Outcomes -> messages: which topics a record's outcome goes to, and what to do with one that does not fit.

Every outcome is one message to clean or to quarantine, on the partition and with the timestamp of its record, and its
audit event, if it has one, on the same partition of the audit topic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Protocol

from scrubber.core.records import Clean, Headers, Outcome, Partition, Quarantined, Record, ScrubbedChunk
from scrubber.errors import Reason
from scrubber.stream.clients import MAX_MESSAGE_BYTES
from scrubber.stream.ports import ProducerClient
from scrubber.stream.routes import RouteTable

ENVELOPE_BYTES = 128  # of a message beside key, value and headers: batch header and varints, generously
FULL_QUEUE_SECS = 0.1


class Seal(Protocol):
    """Makes the quarantine envelope of a record (`core/quarantine.py`)."""

    def __call__(self, record: Record, reason: Reason, *, with_payload: bool = True) -> Quarantined:
        """Return the envelope; without payload it holds coordinates only."""
        ...


@dataclass(slots=True)
class Sent:
    """What one chunk became. Bytes are of keys and values: clean ones as written, quarantined ones as read."""

    records: int = 0
    clean_bytes: int = 0
    audited: int = 0
    dropped_stale: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    quarantined_bytes: Counter[str] = field(default_factory=Counter)
    next_offsets: dict[Partition, int] = field(default_factory=dict)


class Outbox:
    """Produces the outcomes of a chunk.

    Args:
        routes: input topic -> output topics.
        seal: makes the envelope of a record that proves too large on the way out.
        limits: largest message of each output topic in bytes; where one is missing, the producer's own limit.
    """

    def __init__(self, routes: RouteTable, seal: Seal, limits: dict[str, int]) -> None:
        self._routes = routes
        self._seal = seal
        self._limits = limits

    def lower_limit(self, topic: str, rejected_bytes: int) -> None:
        """The broker refused a message of this size: whatever is as large goes to quarantine from now on."""
        self._limits[topic] = min(self._limits.get(topic, MAX_MESSAGE_BYTES), rejected_bytes) - 1

    def produce(self, producer: ProducerClient, done: ScrubbedChunk, held: Container[Partition]) -> Sent:
        """Queue everything of `done` whose partition is in `held`; raises what the producer raises."""
        sent = Sent()
        dropped = written = 0
        partition, wanted, outputs = Partition("", -1), False, None
        for record, outcome in zip(done.chunk.records, done.outcomes, strict=True):
            if record.partition != partition.partition or record.topic != partition.topic:
                partition = Partition(record.topic, record.partition)
                wanted = partition in held
                outputs = self._routes.outputs(record.topic)
            if not wanted:
                dropped += 1
                continue
            assert outputs is not None, "A record before its outputs. This is a bug."
            if type(outcome) is Clean and not self._fits(outcome, outputs.clean, outputs.audit):
                outcome = self._seal(record, Reason.TOO_LARGE)  # noqa: PLW2901 - from here on this is its outcome
            if type(outcome) is Clean:
                clean = outcome
                _send(producer, outputs.clean, record, clean.value, key=clean.key, headers=clean.headers)
                written += len(clean.value or b"") + len(clean.key or b"")
                if clean.audit is not None:
                    _send(producer, outputs.audit, record, clean.audit)
                    sent.audited += 1
            else:
                sealed = self._fitting(record, outcome, outputs.quarantine)
                _send(producer, outputs.quarantine, record, sealed.envelope)
                sent.quarantined[sealed.reason.value] += 1
                sent.quarantined_bytes[sealed.reason.value] += len(record.value or b"") + len(record.key or b"")
            sent.next_offsets[partition] = record.next_offset
        sent.clean_bytes = written
        sent.dropped_stale = dropped
        sent.records = len(done.outcomes) - dropped
        return sent

    def _fits(self, clean: Clean, clean_topic: str, audit_topic: str) -> bool:
        clean_bytes = message_bytes(clean.key, clean.value, clean.headers)
        return self._within(clean_topic, clean_bytes) and self._within(audit_topic, len(clean.audit or b""))

    def _within(self, topic: str, size: int) -> bool:
        return size + ENVELOPE_BYTES <= self._limits.get(topic, MAX_MESSAGE_BYTES)

    def _fitting(self, record: Record, outcome: Outcome, topic: str) -> Quarantined:
        assert isinstance(outcome, Quarantined), "Neither clean nor quarantined. This is a bug."
        if self._within(topic, len(outcome.envelope)):
            return outcome
        return self._seal(record, outcome.reason, with_payload=False)


def message_bytes(key: bytes | None, value: bytes | None, headers: Headers | None) -> int:
    """Bytes of a message without its envelope; header names count as UTF-8."""
    size = len(key or b"") + len(value or b"")
    for name, content in headers or ():
        size += len(name.encode()) + len(content or b"") + 10
    return size


def _send(
    producer: ProducerClient,
    topic: str,
    record: Record,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Headers | None = None,
) -> None:
    timestamp_ms = max(record.timestamp_ms, 0)  # 0: the client stamps it, as the source gave none
    while True:
        try:
            producer.produce(topic, value, key, record.partition, timestamp=timestamp_ms, headers=headers)
        except BufferError:
            producer.poll(FULL_QUEUE_SECS)
        else:
            return
