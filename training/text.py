"""A text with its labelled values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A labelled value: code points [start, end) of the text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Text:
    """A text with its spans; `undecided` spans are neither right nor wrong for their label."""

    text: str
    spans: tuple[Span, ...]
    domain: str
    undecided: tuple[Span, ...] = ()
    masked: bool = False  # as the engine shows it: what rules find is blank
