"""Degrees of latitude and longitude."""

from __future__ import annotations

import re

_NUMBER = re.compile(rb"-?\d{1,3}\.\d+")


def in_range(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the first number of `value` is a latitude or longitude, the second a longitude, and neither is 0."""
    numbers = [abs(float(number)) for number in _NUMBER.findall(value)]
    if not numbers or not all(numbers):
        return False
    return numbers[0] <= (180 if len(numbers) == 1 else 90) and all(number <= 180 for number in numbers[1:])
