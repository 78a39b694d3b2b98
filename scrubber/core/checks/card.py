"""Payment card numbers: issuer range, length, layout, Luhn."""

from __future__ import annotations

import re

from scrubber.core.checks.luhn import digits, luhn

_LAYOUTS = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)}
_ISSUERS = re.compile(
    rb"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    rb"|(?:5[1-5]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720))\d{12,14}"  # Mastercard (length: see below)
    rb"|3[47]\d{13}"  # American Express
    rb"|3(?:0[0-59]|[689]\d)\d{11,16}"  # Diners
    rb"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}"  # Discover
    rb"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    rb"|62\d{14,17}"  # UnionPay
    rb"|(?:5018|5020|5038|5[6-9]\d\d|6304|6390|67\d\d|6[0-9]\d\d)\d{8,15}"  # Maestro and other debit cards
)


def card_number(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` is a card number: 13 to 19 digits, solid or in the groups that cards are printed in."""
    groups = tuple(map(len, re.split(rb"[ \-.]", value)))
    if len(groups) > 1 and groups not in _LAYOUTS:
        return False
    number = digits(value)
    return 13 <= len(number) <= 19 and _ISSUERS.fullmatch(number) is not None and luhn(number)


def track(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` begins as the second track of a card does: its number, a separator, and the month it ends in."""
    number, separator, rest = value.replace(b"D", b"=").partition(b"=")
    return separator != b"" and b"01" <= rest[2:4] <= b"12" and card_number(number)
