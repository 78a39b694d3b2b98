"""Telephone numbers. A bare run of digits is never one: of random ten-digit ids a third would pass."""

from __future__ import annotations

import re

from scrubber.core.checks.luhn import digits

_DATE = re.compile(rb"(?:19|20)\d\d[\-/.](?:0?[1-9]|1[0-2])[\-/.](?:0?[1-9]|[12]\d|3[01])\b")
_EXTENSION = re.compile(rb"[ ,;]*[A-Za-z#].*", re.DOTALL)
_ADDRESS = re.compile(rb"\d{1,3}(?:\.\d{1,3}){3}")


def international(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether a number with + and country code is one that its country gives out."""
    import phonenumbers  # noqa: PLC0415 - it takes 50 ms, before which the rules' engine can begin to compile

    try:
        number = phonenumbers.parse(_without_extension(value).decode("ascii"), None)
    except (phonenumbers.NumberParseException, UnicodeDecodeError):
        return False
    return phonenumbers.is_valid_number(number)


def north_american(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Ten digits (a 1 before them is left out) whose area code is no service code such as 911."""
    number = digits(_without_extension(value))[-10:]
    return len(number) == 10 and number[1:3] != b"11" and len(set(number)) > 2


def local(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """A number behind a word such as "phone": 7 to 15 digits, not a date and not an IP address."""
    number = digits(_without_extension(value))
    if not 7 <= len(number) <= 15 or len(set(number)) < 3:
        return False
    return not _DATE.match(value) and not _ADDRESS.fullmatch(value)


def _without_extension(value: bytes) -> bytes:
    return _EXTENSION.sub(b"", value)
