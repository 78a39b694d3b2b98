"""Audit events read back: from a file or a topic, checked against the shape that `audit.schema.json` publishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from scrubber.core.actions.base import ActionName

Natural = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Fingerprint = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,32}:[A-Za-z0-9_-]{22}$")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class PolicyPart(_Part, frozen=True):
    """Which policy was in force."""

    name: str
    digest: Digest


class DetectorPart(_Part, frozen=True):
    """Which detector answered."""

    name: str
    revision: str
    digest: str


class SourcePart(_Part, frozen=True):
    """Where the record is."""

    topic: str
    partition: Natural
    offset: Natural
    timestamp_ms: Annotated[int, Meta(ge=-1)]


class RedactionPart(_Part, frozen=True):
    """One span, before and after."""

    path: str
    label: str
    start: Natural
    end: Natural
    out_start: Natural
    out_end: Natural
    score: Annotated[float, Meta(ge=0, le=1)]
    detector: str
    rule: str | None
    action: ActionName
    fingerprint: Fingerprint | None = None


class AuditEvent(_Part, frozen=True):
    """One event."""

    schema_version: Literal[1]
    policy: PolicyPart
    detectors: list[DetectorPart]
    source: SourcePart
    excluded_characters: Natural
    redactions: list[RedactionPart]

    @property
    def place(self) -> Place:
        """Where its record is."""
        return Place(self.source.topic, self.source.partition, self.source.offset)


class Place(NamedTuple):
    """The coordinates of a record."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """`topic[partition]@offset`."""
        return f"{self.topic}[{self.partition}]@{self.offset}"


_decoder = msgspec.json.Decoder(AuditEvent)


def read_event(line: bytes) -> AuditEvent | None:
    """Return the event; None for what is none of this version."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_events(lines: Iterable[bytes]) -> Iterator[AuditEvent | None]:
    """Yield each event, and None in the place of what is none; empty lines are left out."""
    return (read_event(line) for line in lines if line.strip())


def ordered(event: AuditEvent) -> bool:
    """Whether the spans of each text of the record follow each other, before and after, without overlap."""
    ends: dict[str, tuple[int, int]] = {}
    for it in event.redactions:
        text = it.path if it.path.startswith("@header/") else it.path.partition(".")[0] if it.path[:1] == "@" else ""
        end, out_end = ends.get(text, (0, 0))
        if not (end <= it.start <= it.end and out_end <= it.out_start <= it.out_end):
            return False
        ends[text] = it.end, it.out_end
    return True
