"""From bytes to clean bytes: `scrub(chunk) -> ScrubbedChunk`.

Value, key and headers of every record of a chunk are the texts of one batch (`texts.py`), so that the rules read the
whole chunk in one pass and the model fills its batches. Here the texts become records again, each with one outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from scrubber.core.audit import AuditTrail
from scrubber.core.formats import otlp
from scrubber.core.keys import KeyRing
from scrubber.core.levels import level_of
from scrubber.core.policy import Policy
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Clean, Headers, Outcome, Record, ScrubbedChunk, Touched
from scrubber.core.redact import Redacted
from scrubber.core.spans import Redaction, Span
from scrubber.core.views import Decoded
from scrubber.detect.fields import Part, excluded_characters
from scrubber.detect.texts import TextPipeline
from scrubber.errors import Reason

KEY = "@key"
"""Path of the record's key in redactions and policies."""

POLICY_HEADER, MODEL_HEADER = "scrubber-policy", "scrubber-model"
"""Headers that every clean record has: digest of the policy; name and revision of each model, if there is one."""

HEADER = "@header/"
"""Path of a header, with its name behind it."""


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
        quarantine: seals records that must not go on.
        keys: for fingerprints in audit events; without, there are none.
    """

    def __init__(
        self,
        pipeline: TextPipeline,
        policy_for: Callable[[str], Policy],
        *,
        quarantine: Quarantine,
        keys: KeyRing | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._policy_for = policy_for
        self._quarantine = quarantine
        self._keys = keys
        self._stamps: dict[str, _Stamp] = {}

    def __call__(self, chunk: Chunk) -> ScrubbedChunk:
        """Return one outcome for each record, in order. Raises DetectorError."""
        return ScrubbedChunk(chunk, self.touched(chunk.records).complete(chunk.records))

    def touched(self, records: Sequence[Record]) -> Touched:
        """Return what is to be done to which of `records`. Raises DetectorError."""
        policies = {topic: self._policy_for(topic) for topic in set(map(_TOPIC, records))}
        stamps = {topic: self._stamp(policy) for topic, policy in policies.items()}
        parts = _parts(records, policies)
        touched: dict[int, list[tuple[Part, Redacted | Reason]]] = {}
        for index, result in sorted(self._pipeline.run(parts).items()):
            touched.setdefault(parts[index].record, []).append((parts[index], result))
        outcomes = {
            index: self._outcome(records[index], results, stamps[records[index].topic])
            for index, results in touched.items()
        }
        return Touched({topic: stamp.headers for topic, stamp in stamps.items()}, outcomes)

    def scrub_texts(self, texts: Sequence[bytes], topic: str = "") -> list[ScrubbedText]:
        """Scrub each of `texts` as if it were the value of a record of `topic`. Raises DetectorError."""
        parts = self._values(texts, topic)
        scrubbed = [_new(ScrubbedText, (text, [], None)) for text in texts]
        for index, result in self._pipeline.run(parts).items():
            scrubbed[index] = _scrubbed(texts[index], parts[index], result)
        return scrubbed

    def find_in_texts(self, texts: Sequence[bytes], topic: str = "") -> list[list[Span] | Reason]:
        """Return what `scrub_texts` would act on in each of `texts`, in code points of it; or why it cannot be read.
        Raises DetectorError.
        """
        found: list[list[Span] | Reason] = [[] for _ in texts]
        for index, answer in self._pipeline.find(self._values(texts, topic)).items():
            found[index] = answer
        return found

    def _values(self, texts: Sequence[bytes], topic: str) -> list[Part]:
        policy = self._policy_for(topic)
        scoped = None if policy.reads_levels else policy.scoped(topic)
        return [
            _new(
                Part,
                (
                    otlp.decode(text) if text[:1] == otlp.FIRST_BYTE else text,
                    scoped or _scoped(policy, topic, text),
                    "",
                    index,
                    _VALUE,
                ),
            )
            for index, text in enumerate(texts)
        ]

    def _outcome(self, record: Record, results: Sequence[tuple[Part, Redacted | Reason]], stamp: _Stamp) -> Outcome:
        _, _, _, _, key, value, headers = record
        redactions: list[Redaction] = []
        fingerprints: list[str | None] = []
        for (text, _, _, _, slot), result in results:
            if isinstance(result, Reason):
                return self._quarantine.seal(record, result, stamp.policy.digest)
            done = result.redactions
            if slot == _VALUE:
                value, done = otlp.encode(value or b"", text, result.text, done)
            elif slot == _KEY:
                key = result.text
            else:
                headers = list(headers or ())
                headers[slot] = (headers[slot][0], result.text)
            redactions += done
            if self._keys is not None:
                fingerprints += _fingerprints(text, done, stamp.trail, structured=result.layout.structured)
        excluded = _excluded(record, stamp.policy) if stamp.policy.has_field_rules else 0
        event = stamp.trail.event(record, redactions, fingerprints, excluded)
        return _new(Clean, (key, value, [*headers, *stamp.headers] if headers else stamp.headers, event))

    def _stamp(self, policy: Policy) -> _Stamp:
        if policy.digest not in self._stamps:
            described = self._pipeline.describe()
            headers: Headers = [(POLICY_HEADER, policy.digest.encode())]
            models = ",".join(f"{each.name}@{each.revision}" for each in described[1:])
            if models:
                headers.append((MODEL_HEADER, models.encode()))
            self._stamps[policy.digest] = _Stamp(
                policy, headers, AuditTrail(policy.name, policy.digest, described, self._keys)
            )
        return self._stamps[policy.digest]


class _Stamp(NamedTuple):
    """What says on every record under which policy, and by which detectors, it was scrubbed."""

    policy: Policy
    headers: Headers
    trail: AuditTrail


_TOPIC = itemgetter(Record._fields.index("topic"))
_VALUE, _KEY = -1, -2  # slots of a record; a header's is its index
_new = tuple.__new__  # makes a NamedTuple in a third of the time: for what every single record needs


def _scoped(policy: Policy, topic: str, value: bytes | None) -> Policy:
    return policy.scoped(topic, level_of(value) if policy.reads_levels and value else None)


def _parts(records: Sequence[Record], policies: Mapping[str, Policy]) -> list[Part]:
    """Return the texts of all `records`. A tombstone, an empty value and a header without value have none."""
    parts: list[Part] = []
    scoped = {topic: None if policy.reads_levels else policy.scoped(topic) for topic, policy in policies.items()}
    for index, (topic, _, _, _, key, value, headers) in enumerate(records):
        policy = scoped[topic] or _scoped(policies[topic], topic, value)
        if value:
            text = otlp.decode(value) if value[:1] == otlp.FIRST_BYTE else value
            parts.append(_new(Part, (text, policy, "", index, _VALUE)))
        if key:
            parts.append(Part(key, policy, KEY, index, _KEY))
        if headers:
            parts += [
                Part(content, policy, HEADER + name, index, slot)
                for slot, (name, content) in enumerate(headers)
                if content
            ]
    return parts


def _excluded(record: Record, policy: Policy) -> int:
    return sum(map(excluded_characters, _parts([record], {record.topic: policy})))


def _scrubbed(text: bytes, part: Part, result: Redacted | Reason) -> ScrubbedText:
    if isinstance(result, Reason):
        return ScrubbedText(b"", [], result)
    return _new(ScrubbedText, (*otlp.encode(text, part.text, result.text, result.redactions), None))


def _fingerprints(
    text: bytes, redactions: Sequence[Redaction], trail: AuditTrail, *, structured: bool
) -> list[str | None]:
    """Return a keyed hash of each redacted value; equal values are equal however they are escaped."""
    characters = text.decode()
    values = [characters[redaction.start : redaction.end].encode() for redaction in redactions]
    if structured:
        values = Decoded(values).texts
    return [
        trail.fingerprint(redaction.label, value.decode()) for redaction, value in zip(redactions, values, strict=True)
    ]
