"""The audit event: what was found in a record and what became of it, without a word of what it was.

Rule 1: an event is built of redactions, coordinates and digests only; no function here is ever given text of a record,
but for `fingerprint`, which returns a keyed hash. Rule 2: its shape is `audit.schema.json`; a change of either raises
SCHEMA_VERSION.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import msgspec
import orjson

from scrubber.core.keys import KeyRing, Mac
from scrubber.core.records import Record
from scrubber.core.spans import Redaction
from scrubber.core.unicode import well_formed

try:
    from scrubber.core import _audit_events

    _short_event = _audit_events.event
except ImportError:  # built without a compiler

    def _short_event(
        _head: bytes, _record: Record, _redactions: Sequence[Redaction], _excluded_characters: int, /
    ) -> bytes | None:
        return None


SCHEMA_VERSION = 1

_SCORE_DIGITS = 4


class Described(Protocol):
    """A detector's name, revision and digest."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def revision(self) -> str: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102


class AuditTrail:
    """Makes the audit events of one policy and its detectors.

    `keys` are for fingerprints, which let equal values be joined without being known; no active key, no fingerprints.
    """

    def __init__(
        self, policy_name: str, policy_digest: str, detectors: Sequence[Described], keys: KeyRing | None = None
    ) -> None:
        constant = {
            "schema_version": SCHEMA_VERSION,
            "policy": {"name": policy_name, "digest": policy_digest},
            "detectors": [{"name": each.name, "revision": each.revision, "digest": each.digest} for each in detectors],
        }
        self._head = orjson.dumps(constant)[:-1] + b","
        self._mac = Mac(keys, keys.active, "fingerprint") if keys is not None and keys.active is not None else None

    def fingerprint(self, label: str, value: str) -> str | None:
        """Return `KEY-ID:HASH`, equal for equal values of a label; None where no key is configured."""
        if self._mac is None:
            return None
        return f"{self._mac.key_id}:{urlsafe_b64encode(self._mac.tag(label, value)).rstrip(b'=').decode()}"

    def event(
        self,
        record: Record,
        redactions: Sequence[Redaction],
        fingerprints: Sequence[str | None] = (),
        excluded_characters: int = 0,
    ) -> bytes:
        """Return the event (JSON) of `record`.

        `fingerprints` are those of the redacted values, in the order of `redactions`, or none at all.
        `excluded_characters` is how much of the record the policy's `never_scan` kept from the detectors.
        """
        if not fingerprints:
            event = _short_event(self._head, record, redactions, excluded_characters)
            if event is not None:
                return event
        spans = [
            _Span(path, label, start, end, out_start, out_end, _rounded(score), detector, rule, action)
            for path, label, start, end, out_start, out_end, score, detector, rule, action in redactions
        ]
        if fingerprints:
            for span, fingerprint in zip(spans, fingerprints, strict=True):
                span.fingerprint = fingerprint
        topic, partition, offset, timestamp_ms, _, _, _ = record
        body = _Body(_Source(topic, partition, offset, timestamp_ms), excluded_characters, spans)
        return self._head + _encoded(body)[1:]


class _Source(msgspec.Struct):
    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class _Span(msgspec.Struct):
    """A `Redaction`, with a fingerprint where there are keys for one."""

    path: str
    label: str
    start: int
    end: int
    out_start: int
    out_end: int
    score: float
    detector: str
    rule: str | None
    action: str
    fingerprint: str | msgspec.UnsetType | None = msgspec.UNSET


class _Body(msgspec.Struct):
    source: _Source
    excluded_characters: int
    redactions: list[_Span]


@lru_cache(maxsize=1024)  # rules have few scores, and rounding costs as much as all else here but writing it
def _rounded(score: float) -> float:
    return round(score, _SCORE_DIGITS)


_encode = msgspec.json.Encoder().encode


def _encoded(body: _Body) -> bytes:
    try:
        return _encode(body)
    except UnicodeEncodeError:  # half a surrogate pair in the name of a field
        for span in body.redactions:
            span.path = well_formed(span.path)
        return _encode(body)
