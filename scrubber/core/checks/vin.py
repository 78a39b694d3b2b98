"""Vehicle identification numbers (ISO 3779)."""

from __future__ import annotations

_VALUES = dict(
    zip(
        b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9, *range(10)),
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Seventeen signs, letters among them, whose ninth is the check digit."""
    number = value.upper()
    if len(number) != 17 or number.isdigit() or number.isalpha() or any(char not in _VALUES for char in number):
        return False
    remainder = sum(_VALUES[char] * weight for char, weight in zip(number, _WEIGHTS, strict=True)) % 11
    return number[8:9] == (b"X" if remainder == 10 else b"%d" % remainder)
