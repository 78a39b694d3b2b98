"""What the formats of lines share: fields with names, and everything between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from scrubber.core.formats.base import Kind, Token

Spans = Sequence[tuple[int, int]]
Names = Sequence[tuple[str, Kind]]
"""Name and kind of each group of a pattern, in their order."""

Matched = tuple[re.Match[bytes] | None, Names]

_new = tuple.__new__  # makes a NamedTuple in a third of the time


def field(start: int, end: int, path: str, *, prose: bool = False) -> Token:
    """Return one field of a line, `[start, end)` in bytes. `prose`: people write there, so a model reads it."""
    return _new(Token, (start, end, path, Kind.TEXT if prose else Kind.META))


def group_names(pattern: re.Pattern[bytes], prose: str) -> Names:
    """Return the names of the groups of `pattern`, all of which have one, and what is in them."""
    return [(name, Kind.TEXT if name == prose else Kind.META) for name in pattern.groupindex]


def matched_line(text: bytes, matches: Iterable[Matched], wanted: Spans | None) -> Iterator[Token]:
    """As `whole_line`, of the groups of `matches` that take part; with `wanted` only what touches it."""
    waiting = list(reversed(wanted)) if wanted else [(0, len(text))]
    first, last = waiting.pop()
    done = 0
    for match, names in matches:
        assert match is not None, "A text that does not fit its format. This is a bug."
        for (start, end), (name, kind) in zip(match.regs[1:], names, strict=True):
            if start < 0:
                continue
            if first < end:
                if done < start and first < start:
                    yield _new(Token, (done, start, "", Kind.META))
                while last <= start and waiting:
                    first, last = waiting.pop()
                if start < end and first < end and start < last:
                    yield _new(Token, (start, end, name, kind))
                if last <= end and not waiting:
                    return
            done = end
    if done < len(text):
        yield _new(Token, (done, len(text), "", Kind.META))


def _bounds(text: bytes, wanted: Spans | None) -> tuple[int, int]:
    return (wanted[0][0], max([end for _, end in wanted])) if wanted else (0, len(text))


def whole_line(
    text: bytes, fields: Iterable[Token], wanted: Spans | None, between: Kind = Kind.META
) -> Iterator[Token]:
    """Yield the `fields` (by start) of `text`, and what lies between them as tokens without a name.

    With `wanted` (rising) tokens before and behind all of it are left out, and nothing behind it is looked at.
    """
    first, last = _bounds(text, wanted)
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
