"""Digits that differ from line to line, made equal: the lines of one log template become one text.

A replaced run keeps its length, so places stay what they were. Only digits are replaced, and the letters a to f of what
is surely hexadecimal: words and names never.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_RUN = re.compile(
    r"""
    (?<![0-9A-Za-z])(?:
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
    )(?![0-9A-Za-z])
    | (?<=\b0x)(?P<address>H+)(?![0-9A-Za-z])
    """.replace("H", "[0-9a-fA-F]").replace("D", "[0-9]"),
    re.VERBOSE | re.ASCII,
)
_HEX_DIGITS = str.maketrans(dict.fromkeys("0123456789abcdefABCDEF", "a"))
_DIGITS = re.compile(r"[0-9]+")


class Run(NamedTuple):
    """What was replaced as one: `[start, end)` of the text."""

    start: int
    end: int


def normalise(text: str) -> tuple[str, list[Run]]:
    """Return a text of the same length, and what was replaced in it, in order.

    Decimal digits become 1212..., the digits of UUIDs, MAC addresses, digests and 0x numbers become aaaa.... Digits
    inside of words stay, but for a chain of single capitals with numbers. Normalising twice changes nothing.
    """
    runs: list[Run] = []

    def replace(match: re.Match[str]) -> str:
        runs.append(Run(*match.span()))
        if match["decimal"] is None:
            return match[0].translate(_HEX_DIGITS)
        return _DIGITS.sub(_alternating, match[0])

    return _RUN.sub(replace, text), runs


def _alternating(digits: re.Match[str]) -> str:
    length = len(digits[0])
    return ("12" * (length // 2 + 1))[:length]
