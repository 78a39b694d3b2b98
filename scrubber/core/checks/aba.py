"""US bank routing numbers (ABA)."""

from __future__ import annotations

from scrubber.core.checks.luhn import digits


def routing_number(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Nine digits whose sum, weighted 3-7-1, ends in 0, and whose first two are a Federal Reserve district."""
    number = [digit - 48 for digit in digits(value)]
    if len(number) != 9 or not any(number) or not _is_district(number[0] * 10 + number[1]):
        return False
    return sum(weight * digit for weight, digit in zip((3, 7, 1) * 3, number, strict=True)) % 10 == 0


def _is_district(prefix: int) -> bool:
    return prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
