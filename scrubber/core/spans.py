"""Where something was found, and what became of it.

Two types, because they index two different texts: a `Span` is `[start, end)` in code points of the **original** field
text, a `Redaction` also knows where its replacement lies in the **output** text.
"""

from __future__ import annotations

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
