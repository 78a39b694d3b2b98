"""Digits that differ from line to line, made equal: the lines of one log template become one text.

A replaced run keeps its length, so places stay what they were. Only digits are replaced, and the letters a to f of what
is surely hexadecimal: words and names never.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_RUN = re.compile(
    r"""
    (?<![0-9A-Za-z])(?=[0-9A-Za-z])(?:  # what follows is looked at where a word begins, nowhere else
        (?P<hex>
            H{8}-H{4}-H{4}-H{4}-H{12}                       # UUID
          | H{2}(?::H{2}){5} | H{2}(?:-H{2}){5}             # MAC address
        )
      | (?P<decimal>
            D{4}-DD-DD[ T]DD:DD:DD(?:[.,]D+)?Z?              # a timestamp is the one place where T and Z touch digits
          | [A-Z]D+ (?:[-:][A-Z]D*)+                         # the place of a part: R02-M1-N0-C:J12
          | D+ (?: [munp]?s | [kKMGT]?i?[bB] | [mhd] )?     # a number, with its unit
        )
      | (?P<digest> (?=[a-fA-F]*D) H{16,} )
      | (?<!_)0x(?P<address>H+)
    )(?![0-9A-Za-z])
    """.replace("H", "[0-9a-fA-F]").replace("D", "[0-9]"),
    re.VERBOSE | re.ASCII,
)
_HEX_DIGITS = str.maketrans(dict.fromkeys("0123456789abcdefABCDEF", "a"))
_ZEROS = str.maketrans(dict.fromkeys("123456789", "0"))
_DIGITS = re.compile(r"0+")


class Run(NamedTuple):
    """What is replaced as one: `[start, end)` of the text."""

    start: int
    end: int


def normalise(text: str) -> str:
    """Return a text of the same length, with its runs replaced.

    Decimal digits become 1212..., the digits of UUIDs, MAC addresses, digests and 0x numbers become aaaa.... Digits
    inside of words stay, but for a chain of single capitals with numbers. Normalising twice changes nothing.
    """
    return _RUN.sub(_replaced, text)


def runs_of(text: str) -> list[Run]:
    """Return what `normalise` replaces in `text`, in order."""
    return [Run(*match.span("address" if match.lastgroup == "address" else 0)) for match in _RUN.finditer(text)]


def _replaced(match: re.Match[str]) -> str:
    kind, run = match.lastgroup, match[0]
    if kind == "decimal":
        return _levelled(run.translate(_ZEROS))
    return "0x" + "a" * (len(run) - 2) if kind == "address" else run.translate(_HEX_DIGITS)


@lru_cache(maxsize=4096)
def _levelled(zeros: str) -> str:
    """Return what all numbers of one shape become. There are few shapes, and a line has many numbers."""
    return _DIGITS.sub(_alternating, zeros)


def _alternating(digits: re.Match[str]) -> str:
    length = len(digits[0])
    return ("12" * (length // 2 + 1))[:length]
