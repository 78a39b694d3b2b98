"""From bytes to clean bytes: `scrub(chunk) -> ScrubbedChunk`.

Value, key and headers of every record of a chunk are the texts of one batch (`texts.py`), so that the rules read the
whole chunk in one pass and the model fills its batches. Here the texts become records again, each with one outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple, TypeVar

from scrubber.core.audit import AuditTrail
from scrubber.core.formats import otlp
from scrubber.core.keys import KeyRing
from scrubber.core.levels import level_of
from scrubber.core.policy import Policy
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Clean, Headers, Outcome, Record, Records, ScrubbedChunk, Touched
from scrubber.core.redact_plain import Redacted
from scrubber.core.spans import Redaction, Span
from scrubber.core.views import Decoded
from scrubber.detect.fields import excluded_characters
from scrubber.detect.parts import Parts
from scrubber.detect.texts import TextPipeline
from scrubber.errors import Reason, ScrubberError

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
        stumbled: hears of what our own code raised on a record, which then goes to quarantine alone. That is a bug,
            but a line that anybody can write must not stop everybody's. Without, it is raised.
    """

    def __init__(
        self,
        pipeline: TextPipeline,
        policy_for: Callable[[str], Policy],
        *,
        quarantine: Quarantine,
        keys: KeyRing | None = None,
        stumbled: Callable[[Exception], None] | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._policy_for = policy_for
        self._quarantine = quarantine
        self._keys = keys
        self._stumbled = stumbled
        self._stamps: dict[str, _Stamp] = {}

    def __call__(self, chunk: Chunk) -> ScrubbedChunk:
        """Return one outcome for each record, in order. Raises DetectorError."""
        return ScrubbedChunk(chunk, self.touched(Records.of(chunk.records)).complete(chunk.records))

    def touched(self, records: Records) -> Touched:
        """Return what is to be done to which of `records`. Raises DetectorError."""
        stamps = {topic: self._stamp(self._policy_for(topic)) for topic in set(records.topics)}
        outcomes = self._outcomes(records, stamps)
        return Touched({topic: stamp.headers for topic, stamp in stamps.items()}, outcomes)

    def scrub_texts(self, texts: Sequence[bytes], topic: str = "") -> list[ScrubbedText]:
        """Scrub each of `texts` as if it were the value of a record of `topic`. Raises DetectorError."""
        parts = self._values(texts, topic)
        scrubbed = [_new(ScrubbedText, (text, [], None)) for text in texts]
        for index, result in self._pipeline.run(parts).items():
            scrubbed[index] = _scrubbed(texts[index], parts.texts[index], result)
        return scrubbed

    def find_in_texts(self, texts: Sequence[bytes], topic: str = "") -> list[list[Span] | Reason]:
        """Return what `scrub_texts` would act on in each of `texts`, in code points of it; or why it cannot be read.
        Raises DetectorError.
        """
        found: list[list[Span] | Reason] = [[] for _ in texts]
        for index, answer in self._pipeline.find(self._values(texts, topic)).items():
            found[index] = answer
        return found

    def _values(self, texts: Sequence[bytes], topic: str) -> Parts:
        parts = Parts()
        policies = _scoped({topic: self._policy_for(topic)}, [topic] * len(texts), texts)
        parts.add(_decoded(texts), policies, "", range(len(texts)), _VALUE)
        return parts

    def _outcomes(self, records: Records, stamps: Mapping[str, _Stamp]) -> dict[int, Outcome]:
        """Return what becomes of those of `records` that do not leave untouched, by place."""
        try:
            return self._all_at_once(records, stamps)
        except (ScrubberError, MemoryError):
            raise
        except Exception as error:
            if self._stumbled is None or not records.topics:
                raise
            if len(records.topics) == 1:
                self._stumbled(error)
                (record,) = records.all()
                return {0: self._quarantine.seal(record, Reason.INTERNAL_ERROR, stamps[record.topic].policy.digest)}
        middle = len(records.topics) // 2
        first = self._outcomes(records.part(0, middle), stamps)
        second = self._outcomes(records.part(middle, len(records.topics)), stamps)
        return first | {middle + place: outcome for place, outcome in second.items()}

    def _all_at_once(self, records: Records, stamps: Mapping[str, _Stamp]) -> dict[int, Outcome]:
        parts = _parts(records, {topic: stamp.policy for topic, stamp in stamps.items()})
        texts, slots = parts.texts, parts.slots
        touched: dict[int, list[_Result]] = {}
        for index, result in sorted(self._pipeline.run(parts).items()):
            touched.setdefault(parts.records[index], []).append((texts[index], slots[index], result))
        return {
            place: self._outcome(record, results, stamps[record.topic])
            for (place, results), record in zip(touched.items(), records.some(touched), strict=True)
        }

    def _outcome(self, record: Record, results: Sequence[_Result], stamp: _Stamp) -> Outcome:
        _, _, _, _, key, value, headers = record
        redactions: list[Redaction] = []
        fingerprints: list[str | None] = []
        for text, slot, result in results:
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


_Result = tuple[bytes, int, Redacted | Reason]
"""A text of a record, which part of it that is, and what became of it."""

Value = TypeVar("Value", bytes, bytes | None)

_OTLP = otlp.FIRST_BYTE[0]
_VALUE, _KEY = -1, -2  # slots of a record; a header's is its index
_new = tuple.__new__  # makes a NamedTuple in a third of the time: for what every single record needs


def _scoped(policies: Mapping[str, Policy], topics: Sequence[str], values: Sequence[bytes | None]) -> list[Policy]:
    """Return the policy of each record: that of its topic, and of its own level where the policy looks at levels."""
    scoped = {topic: policy.scoped(topic) for topic, policy in policies.items() if not policy.reads_levels}
    if len(scoped) == len(policies) == 1:
        return list(scoped.values()) * len(topics)
    return [
        scoped.get(topic) or policies[topic].scoped(topic, level_of(value) if value else None)
        for topic, value in zip(topics, values, strict=True)
    ]


def _decoded(values: Iterable[Value]) -> list[Value]:
    """Return `values` as they are read: of OTLP, which is protobuf, its JSON."""
    return [otlp.decode(value) if value and value[0] == _OTLP else value for value in values]


def _parts(records: Records, policies: Mapping[str, Policy]) -> Parts:
    """Return the texts of all `records`. A tombstone, an empty value and a header without value have none."""
    parts = Parts()
    scoped = _scoped(policies, records.topics, records.values)
    _add(parts, "", _decoded(records.values), scoped, _VALUE)
    _add(parts, KEY, records.keys, scoped, _KEY)
    if any(records.headers):
        for place, headers in enumerate(records.headers):
            for slot, (name, content) in enumerate(headers or ()):
                if content:
                    parts.add([content], [scoped[place]], HEADER + name, [place], slot)
    return parts


def _add(parts: Parts, path: str, texts: Sequence[bytes | None], policies: Sequence[Policy], slot: int) -> None:
    """Add those of `texts`, one of each record, that are not empty."""
    some = [text for text in texts if text]
    if len(some) == len(texts):
        parts.add(some, policies, path, range(len(some)), slot)
    elif some:
        parts.add(some, list(compress(policies, texts)), path, compress(range(len(texts)), texts), slot)


def _excluded(record: Record, policy: Policy) -> int:
    return sum(map(excluded_characters, _parts(Records.of([record]), {record.topic: policy})))


def _scrubbed(text: bytes, read: bytes, result: Redacted | Reason) -> ScrubbedText:
    if isinstance(result, Reason):
        return ScrubbedText(b"", [], result)
    return _new(ScrubbedText, (*otlp.encode(text, read, result.text, result.redactions), None))


def _fingerprints(
    text: bytes, redactions: Sequence[Redaction], trail: AuditTrail, *, structured: bool
) -> list[str | None]:
    """Return a keyed hash of each redacted value; equal values are equal however they are escaped."""
    characters = text.decode()
    values = [characters[redaction.start : redaction.end].encode() for redaction in redactions]
    if structured:
        values = Decoded(values, percents=False).texts
    return [
        trail.fingerprint(redaction.label, value.decode()) for redaction, value in zip(redactions, values, strict=True)
    ]
