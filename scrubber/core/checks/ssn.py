"""US social security numbers."""

from __future__ import annotations

from scrubber.core.checks.luhn import digits

_PRINTED_IN_ADVERTISEMENTS = (b"078051120", b"219099999")


def ssn(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Nine digits in an area, group and serial that have been or may be issued."""
    number = digits(value)
    if len(number) != 9 or number in _PRINTED_IN_ADVERTISEMENTS:
        return False
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in (b"000", b"666") and area < b"900" and group != b"00" and serial != b"0000"
