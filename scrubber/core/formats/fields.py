"""What the formats of lines share: fields with names, and everything between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from scrubber.core.formats.base import Kind, Token

Spans = Sequence[tuple[int, int]]

_new = tuple.__new__  # makes a NamedTuple in a third of the time


def field(start: int, end: int, path: str, *, prose: bool = False) -> Token:
    """Return one field of a line, `[start, end)` in bytes. `prose`: people write there, so a model reads it."""
    return _new(Token, (start, end, path, Kind.TEXT if prose else Kind.META))


def named_fields(match: re.Match[bytes] | None, names: Iterable[tuple[str, Kind]]) -> Iterator[Token]:
    """Yield the groups that take part in `match`, of a text that fits; `names` are those of all, in their order."""
    assert match is not None, "A text that does not fit its format. This is a bug."
    for (start, end), (name, kind) in zip(match.regs[1:], names, strict=True):
        if start >= 0:
            yield _new(Token, (start, end, name, kind))


def group_names(pattern: re.Pattern[bytes], prose: str) -> list[tuple[str, Kind]]:
    """Return the names of the groups of `pattern`, all of which have one, and what is in them."""
    return [(name, Kind.TEXT if name == prose else Kind.META) for name in pattern.groupindex]


def whole_line(
    text: bytes, fields: Iterable[Token], wanted: Spans | None, between: Kind = Kind.META
) -> Iterator[Token]:
    """Yield the `fields` (by start) of `text`, and what lies between them as tokens without a name.

    With `wanted` (rising) tokens before and behind all of it are left out, and nothing behind it is looked at.
    """
    first, last = (wanted[0][0], max([end for _, end in wanted])) if wanted else (0, len(text))
    done = 0
    for token in fields:
        start, end, _, _ = token
        if first < end:
            if done < start and first < start:
                yield _new(Token, (done, start, "", between))
            if start < end:
                yield token
        done = end
        if done >= last:
            return
    if done < len(text):
        yield _new(Token, (done, len(text), "", between))
