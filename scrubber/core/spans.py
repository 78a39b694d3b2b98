"""Where something was found, and what became of it.

Two types, because they index two different texts: a `Span` is `[start, end)` in code points of the **original** field
text, a `Redaction` also knows where its replacement lies in the **output** text. A third, `Finding`, is only for the
inside of the pipeline: bytes, because rules read bytes, and because only bytes can be cut out and leave the rest alone.

Coordinates of a `Redaction` are code points of the text as it lies in the topic, escapes and all: the whole value of
the record (or its whole key, or header value). `path` names the field in it, where the format has fields: `user.email`,
`items[0].card`; "" is the text itself, `@key` the key of the record, `@header/NAME` a header. A path never holds a
value: keys that were redacted stand in it as they stand in the output.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Span(NamedTuple):
    """A finding in the original field text: code points, half-open. `rule` names the rule where one found it."""

    start: int
    end: int
    label: str
    score: float
    detector: str
    rule: str | None = None


class Redaction(NamedTuple):
    """A span that was acted on. `out_start`, `out_end` are code points of the output field text."""

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


class Rank(IntEnum):
    """Whose label names a piece of text that several detectors claim: the highest. Equal ranks: the higher score."""

    MODEL = 1
    RULE = 2
    CHECKED_RULE = 3
    """A rule whose checksum or other validator agreed."""
    POLICY = 4
    """Deny-list, or a field that is masked whole."""


class Finding(NamedTuple):
    """What a detector found, in bytes of a raw text, half-open."""

    start: int
    end: int
    label: str
    score: float
    detector: str
    rule: str | None
    rank: Rank


Told = tuple[str, float, str, str | None, Rank]
"""A `Finding` without its place."""
