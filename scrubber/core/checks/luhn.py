"""The Luhn sum (ISO/IEC 7812-1): cards, IMEI."""

from __future__ import annotations

_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))


def digits(value: bytes) -> bytes:
    """The ASCII digits of `value`, without anything between them."""
    return value.translate(None, _NOT_DIGITS)


def luhn(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the digits of `value` have a Luhn sum of 0; one digit all through (000...0) proves nothing."""
    number = digits(value)
    if len(set(number)) < 2:
        return False
    odd, even = number[::-2], number[-2::-2]
    return (sum(odd) - 48 * len(odd) + sum(even.translate(_DOUBLED))) % 10 == 0
