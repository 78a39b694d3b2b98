"""From bytes to clean bytes: `scrub(chunk) -> ScrubbedChunk`.

Value, key and headers of every record of a chunk are the texts of one batch (`texts.py`), so that the rules read the
whole chunk in one pass and the model fills its batches. Here the texts become records again, each with one outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from scrubber.core.policy import Policy
from scrubber.core.records import Chunk, Clean, Outcome, Quarantined, Record, ScrubbedChunk
from scrubber.core.redact import Redacted
from scrubber.core.spans import Redaction
from scrubber.detect.fields import Part
from scrubber.detect.texts import TextPipeline
from scrubber.errors import Reason

KEY = "@key"
"""Path of the record's key in redactions and policies."""

HEADER = "@header/"
"""Path of a header, with its name behind it."""


class Audit(Protocol):
    """Makes the audit event of a record (`core/audit.py`)."""

    def __call__(self, record: Record, redactions: Sequence[Redaction], policy: Policy) -> bytes:
        """Return the event as JSON."""
        ...


class Seal(Protocol):
    """Makes the quarantine envelope of a record (`core/quarantine.py`)."""

    def __call__(self, record: Record, reason: Reason, policy_digest: str) -> Quarantined:
        """Return the outcome."""
        ...


class ScrubbedText(NamedTuple):
    """A text that may go on, and what was done to it; with a `reason` it may not, and `text` is empty."""

    text: bytes
    redactions: list[Redaction]
    reason: Reason | None = None


class Scrubber:
    """Scrubs chunks of records, or bare texts. One thread at a time.

    Args:
        pipeline: finds and redacts.
        policy_for: topic -> policy; asked once for each topic of a chunk, so a new policy holds from a chunk on.
        audit: makes audit events.
        seal: makes quarantine envelopes.
    """

    def __init__(
        self, pipeline: TextPipeline, policy_for: Callable[[str], Policy], *, audit: Audit, seal: Seal
    ) -> None:
        self._pipeline = pipeline
        self._policy_for = policy_for
        self._audit = audit
        self._seal = seal

    def __call__(self, chunk: Chunk) -> ScrubbedChunk:
        """Return one outcome for each record, in order. Raises DetectorError."""
        policies = {topic: self._policy_for(topic) for topic in {record.topic for record in chunk.records}}
        parts = [
            part for index, record in enumerate(chunk.records) for part in _parts(index, record, policies[record.topic])
        ]
        touched: dict[int, list[tuple[int, Redacted | Reason]]] = {}
        for index, result in sorted(self._pipeline.run(parts).items()):
            touched.setdefault(parts[index].record, []).append((parts[index].slot, result))
        return ScrubbedChunk(
            chunk,
            [
                self._outcome(record, touched[index], policies[record.topic])
                if index in touched
                else Clean(record.key, record.value, record.headers, None)
                for index, record in enumerate(chunk.records)
            ],
        )

    def scrub_texts(self, texts: Sequence[bytes], topic: str = "") -> list[ScrubbedText]:
        """Scrub each of `texts` as if it were the value of a record of `topic`. Raises DetectorError."""
        policy = self._policy_for(topic)
        results = self._pipeline.run([Part(text, policy, record=index) for index, text in enumerate(texts)])
        return [_scrubbed(text, results.get(index)) for index, text in enumerate(texts)]

    def _outcome(self, record: Record, results: Sequence[tuple[int, Redacted | Reason]], policy: Policy) -> Outcome:
        key, value, headers = record.key, record.value, list(record.headers or ())
        redactions: list[Redaction] = []
        for slot, result in results:
            if isinstance(result, Reason):
                return self._seal(record, result, policy.digest)
            redactions += result.redactions
            if slot == _VALUE:
                value = result.text
            elif slot == _KEY:
                key = result.text
            else:
                headers[slot] = (headers[slot][0], result.text)
        return Clean(key, value, headers or record.headers, self._audit(record, redactions, policy))


_VALUE, _KEY = -1, -2  # slots of a record; a header's is its index


def _parts(index: int, record: Record, policy: Policy) -> Iterator[Part]:
    """Yield the texts of a record. A tombstone, an empty value and a header without value have none."""
    if record.value:
        yield Part(record.value, policy, "", index, _VALUE)
    if record.key:
        yield Part(record.key, policy, KEY, index, _KEY)
    for slot, (name, value) in enumerate(record.headers or ()):
        if value:
            yield Part(value, policy, HEADER + name, index, slot)


def _scrubbed(text: bytes, result: Redacted | Reason | None) -> ScrubbedText:
    if result is None:
        return ScrubbedText(text, [])
    if isinstance(result, Reason):
        return ScrubbedText(b"", [], result)
    return ScrubbedText(result.text, result.redactions)
