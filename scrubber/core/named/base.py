"""What all values with a name elsewhere have in common."""

from __future__ import annotations

import re
from typing import NamedTuple

REST = re.compile(rb'[^"\r\n]*+(?:"(?!\s{0,64}+(?:[,:}\]]|\Z))[^"\r\n]*+)*')
"""What is left of a line, or of the string of JSON that it lies in."""


class NamedValue(NamedTuple):
    """A name, and `[start, end)` of a scalar that it names, quotes and all.

    `bare`: it has no quotes, and yet it may hold blanks.
    """

    name: bytes
    start: int
    end: int
    bare: bool = False


_LONGEST_NAME = 64
_QUOTES = b" \t\r\n\"'`[]\\"


def column_names(listed: bytes) -> list[bytes]:
    """Return the names of the columns of SQL that `listed` has, without quotes and the table's name."""
    return [name.strip(_QUOTES).rpartition(b".")[2].strip(_QUOTES)[-_LONGEST_NAME:] for name in listed.split(b",")]


class Literal(NamedTuple):
    """`[start, end)` of what is inside of a literal's quotes, and where the literal ends."""

    start: int
    end: int
    behind: int


_LITERAL = re.compile(
    rb"""[EN]?'(?P<single>(?:[^'\\]++|\\.|'')*+)(?P<closed>')?|"(?P<double>(?:[^"\\]++|\\.)*+)"|(?P<number>\+?\d[\d.\-]*+)""",
    re.DOTALL,
)


def literal(text: bytes, start: int) -> Literal | None:
    """Return the string or number of SQL at `start`, a cut string as far as its line; None where there is none."""
    found = _LITERAL.match(text, start)
    if found is None:
        return None
    if found["single"] is not None and not found["closed"]:
        rest = REST.match(text, found.start("single"))
        assert rest is not None, "What is left may be empty. This is a bug."
        return Literal(*rest.span(), rest.end())
    inside = "single" if found["closed"] else "double" if found["double"] is not None else "number"
    return Literal(*found.span(inside), found.end())
