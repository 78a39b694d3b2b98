"""What the formats of lines share: fields with names, and everything between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from scrubber.core.formats.base import Kind, Token

Spans = Sequence[tuple[int, int]]


class Field(NamedTuple):
    """One field of a line, `[start, end)` in bytes. `prose`: people write there, so a model reads it."""

    start: int
    end: int
    path: str
    prose: bool = False


def whole_line(
    text: bytes, fields: Iterable[Field], wanted: Spans | None, between: Kind = Kind.META
) -> Iterator[Token]:
    """Yield the `fields` (by start) of `text` as tokens, and what lies between them as tokens without a name.

    With `wanted` (rising) tokens before and behind all of it are left out, and nothing behind it is looked at.
    """
    first, last = (wanted[0][0], max([end for _, end in wanted])) if wanted else (0, len(text))
    done = 0
    for start, end, path, prose in fields:
        if done < start and first < start:
            yield Token(done, start, "", between)
        if start < end and first < end:
            yield Token(start, end, path, Kind.TEXT if prose else Kind.META)
        done = end
        if done >= last:
            return
    if done < len(text):
        yield Token(done, len(text), "", between)
