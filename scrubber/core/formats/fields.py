"""What the formats of lines share: fields with names, and everything between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scrubber.core.formats.base import Kind, Token


class Field(NamedTuple):
    """One field of a line, `[start, end)` in bytes. `prose`: people write there, so a model reads it."""

    start: int
    end: int
    path: str
    prose: bool = False


def whole_line(text: bytes, fields: Iterable[Field], between: Kind = Kind.META) -> Iterator[Token]:
    """Yield the `fields` (by start) of `text` as tokens, and what lies between them as tokens without a name."""
    done = 0
    for start, end, path, prose in fields:
        if start > done:
            yield Token(done, start, "", between)
        if end > start:
            yield Token(start, end, path, Kind.TEXT if prose else Kind.META)
        done = end
    if done < len(text):
        yield Token(done, len(text), "", between)
