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
