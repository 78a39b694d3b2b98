"""Spanish identity numbers (DNI, NIE)."""

from __future__ import annotations

_LETTERS = b"TRWAGMYFPDXBNJZSQVHLCKE"
_FIRST = bytes.maketrans(b"XYZ", b"012")


def spanish_nif(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the last letter is the number modulo 23; X, Y, Z in front stand for 0, 1, 2."""
    compact = value.translate(None, b"- .").upper()
    number = compact[:1].translate(_FIRST) + compact[1:-1]
    return len(number) == 8 and number.isdigit() and _LETTERS[int(number) % 23] == compact[-1]
