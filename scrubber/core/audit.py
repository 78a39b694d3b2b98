"""The audit event: what was found in a record and what became of it, without a word of what it was.

Rule 1: an event is built of redactions, coordinates and digests only; no function here is ever given text of a record,
but for `fingerprint`, which returns a keyed hash. Rule 2: its shape is `audit.schema.json`; a change of either raises
SCHEMA_VERSION.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Protocol

import orjson

from scrubber.core.keys import KeyRing, Mac
from scrubber.core.records import Record
from scrubber.core.spans import Redaction
from scrubber.core.unicode import well_formed

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
        spans: list[dict[str, object]] = [
            {
                "path": path,
                "label": label,
                "start": start,
                "end": end,
                "out_start": out_start,
                "out_end": out_end,
                "score": round(score, _SCORE_DIGITS),
                "detector": detector,
                "rule": rule,
                "action": action,
            }
            for path, label, start, end, out_start, out_end, score, detector, rule, action in redactions
        ]
        for span, fingerprint in zip(spans, fingerprints, strict=bool(fingerprints)):
            span["fingerprint"] = fingerprint
        body = {
            "source": {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp_ms": record.timestamp_ms,
            },
            "excluded_characters": excluded_characters,
            "redactions": spans,
        }
        return self._head + _dumps(body, spans)[1:]


def _dumps(body: dict[str, object], spans: list[dict[str, object]]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # half a surrogate pair in the name of a field
        for span in spans:
            span["path"] = well_formed(str(span["path"]))
        return orjson.dumps(body)
