"""Outcomes -> messages: which topics a record's outcome goes to, and what to do with one that does not fit.

Every outcome is one message to clean or to quarantine, on the partition and with the timestamp of its record, and its
audit event, if it has one, on the same partition of the audit topic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Protocol

from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Clean, Headers, Partition, Quarantined, Record, ScrubbedChunk, Untouched
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


def sealing(quarantine: Quarantine, digest_of: Callable[[str], str]) -> Seal:
    """Return what seals records under the digest of the policy of their topic, as it is then."""

    def seal(record: Record, reason: Reason, *, with_payload: bool = True) -> Quarantined:
        return quarantine.seal(record, reason, digest_of(record.topic), with_payload=with_payload)

    return seal


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
        dropped = written = last = 0
        partition, wanted, outputs, clean_room, audit_room = Partition("", -1), False, None, 0, 0
        own_topic, own_number, clean = "", -1, ""
        counted, header_bytes = None, 0
        produce = producer.produce
        for record, outcome in zip(done.chunk.records, done.outcomes, strict=True):
            topic, number, offset, timestamp_ms, key, value, headers = record
            if number != own_number or topic != own_topic:  # records come in runs of one partition
                if wanted:
                    sent.next_offsets[partition] = last + 1
                own_topic, own_number = partition = Partition(topic, number)
                wanted = partition in held
                outputs = self._routes.outputs(topic)
                clean, clean_room, audit_room = outputs.clean, self._room(outputs.clean), self._room(outputs.audit)
            if not wanted:
                dropped += 1
                continue
            assert outputs is not None, "A record before its outputs. This is a bug."
            last = offset
            if isinstance(outcome, Untouched):
                (stamps,) = outcome
                headers = [*headers, *stamps] if headers else stamps
                event = None
            elif isinstance(outcome, Clean):
                key, value, headers, event = outcome
            else:
                self._set_aside(producer, record, outcome, outputs.quarantine, sent)
                continue
            if headers is not counted:  # most clean records share one list
                counted, header_bytes = headers, headers_bytes(headers)
            size = (len(value) if value else 0) + (len(key) if key else 0)
            if size + header_bytes > clean_room or (event is not None and len(event) > audit_room):
                self._set_aside(producer, record, self._seal(record, Reason.TOO_LARGE), outputs.quarantine, sent)
                continue
            timestamp_ms = timestamp_ms if timestamp_ms > 0 else 0  # noqa: FURB136 - a call of max costs four times as much
            try:  # as `_send` does, without the call: this is the way of nearly every record
                produce(clean, value, key, number, None, None, timestamp_ms, headers)
            except BufferError:
                _send(producer, clean, record, value, key=key, headers=headers)
            if event is not None:
                _send(producer, outputs.audit, record, event)
                sent.audited += 1
            written += size
        if wanted:
            sent.next_offsets[partition] = last + 1
        sent.clean_bytes = written
        sent.dropped_stale = dropped
        sent.records = len(done.outcomes) - dropped
        return sent

    def _room(self, topic: str) -> int:
        """Bytes of key, value and headers that a message to `topic` may have."""
        return self._limits.get(topic, MAX_MESSAGE_BYTES) - ENVELOPE_BYTES

    def _set_aside(self, producer: ProducerClient, record: Record, sealed: Quarantined, topic: str, sent: Sent) -> None:
        """Queue the envelope of a record, without its payload where that does not fit."""
        if len(sealed.envelope) > self._room(topic):
            sealed = self._seal(record, sealed.reason, with_payload=False)
        _send(producer, topic, record, sealed.envelope)
        sent.quarantined[sealed.reason.value] += 1
        sent.quarantined_bytes[sealed.reason.value] += len(record.value or b"") + len(record.key or b"")


def headers_bytes(headers: Headers | None) -> int:
    """Bytes of the headers of a message; names count as UTF-8."""
    return sum(len(name.encode()) + len(content or b"") + 10 for name, content in headers or ())


def _send(
    producer: ProducerClient,
    topic: str,
    record: Record,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Headers | None = None,
) -> None:
    _, partition, _, timestamp_ms, _, _, _ = record
    timestamp_ms = max(0, timestamp_ms)  # 0: the client stamps it, as the source gave none
    while True:
        try:
            producer.produce(topic, value, key, partition, None, None, timestamp_ms, headers)
        except BufferError:
            producer.poll(FULL_QUEUE_SECS)
        else:
            return
