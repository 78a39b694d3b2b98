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
