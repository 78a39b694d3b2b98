"""Singapore identity numbers (NRIC, FIN)."""

from __future__ import annotations

_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
_SERIES = {
    b"S": (0, b"JZIHGFEDCBA"),
    b"T": (4, b"JZIHGFEDCBA"),
    b"F": (0, b"XWUTRQPNMLK"),
    b"G": (4, b"XWUTRQPNMLK"),
    b"M": (3, b"XWUTRQPNJLK"),
}


def singapore_nric(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the last letter is the check letter of the seven digits in their series."""
    compact = value.upper()
    number = compact[1:8]
    if len(compact) != 9 or compact[:1] not in _SERIES or not number.isdigit():
        return False
    shift, letters = _SERIES[compact[:1]]
    total = shift + sum(weight * (digit - 48) for weight, digit in zip(_WEIGHTS, number, strict=True))
    # Series M counts its letters from the other end.
    index = 10 - total % 11 if compact[:1] == b"M" else total % 11
    return letters[index] == compact[8]
