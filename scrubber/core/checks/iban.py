"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

import re

_FORM = re.compile(rb"[A-Z]{2}\d\d[A-Z0-9]{11,30}")


def iban(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the country-first form, read as a number with A = 10, is 1 modulo 97."""
    compact = value.translate(None, b" -").upper()
    if not _FORM.fullmatch(compact):
        return False
    moved = (compact[4:] + compact[:4]).decode("ascii")
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
