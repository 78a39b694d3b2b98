"""How surrogates are made, label by label.

A form takes the value and a source of draws and returns a made-up value, or None where the value has nothing to make
one from. It takes from the value only what is no secret: its length, its letter case, its punctuation. Made-up values
must not be somebody's: RFC 2606 and RFC 5737 names and addresses, the issuer 9999 of cards, the country XX of IBANs,
country code 999 and exchange 555-01 of phone numbers, and area 666 of social security numbers are given out to nobody.
"""

from __future__ import annotations

import hmac
import itertools
import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from scrubber.core.actions.words import CITIES, DOMAINS, FIRST_NAMES, LAST_NAMES, STREETS

T = TypeVar("T")


class Draw:
    """An endless, repeatable sequence of random numbers that depends on nothing but its seed (a secret)."""

    __slots__ = ("_bytes",)

    def __init__(self, seed: bytes) -> None:
        self._bytes = _random_bytes(seed)

    def below(self, limit: int) -> int:
        """Return a number from 0 to `limit` - 1; `limit` is small beside 2**32."""
        number = 0
        for _ in range(4):
            number = number << 8 | next(self._bytes)
        return number % limit

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of `choices`."""
        return choices[self.below(len(choices))]

    def digits(self, count: int) -> str:
        """Return `count` digits."""
        return "".join(str(self.below(10)) for _ in range(count))


def _random_bytes(seed: bytes) -> Iterator[int]:
    for counter in itertools.count():
        yield from hmac.digest(seed, counter.to_bytes(8, "big"), "sha256")


Form = Callable[[str, Draw], str | None]


def same_shape(value: str, draw: Draw) -> str | None:
    """Digits become digits and letters letters of the same case; punctuation stays, unless it is most of the value."""
    drawn = [_drawn(char, draw) for char in value]
    changed = sum(old is not None for old in drawn)
    if changed * 2 < len(value):
        return None
    return "".join(new if new is not None else old for old, new in zip(value, drawn, strict=True))


def _drawn(char: str, draw: Draw) -> str | None:
    if char.isdecimal():
        return draw.digits(1)
    if char.isupper():
        return draw.one_of(string.ascii_uppercase)
    return draw.one_of(string.ascii_lowercase) if char.isalnum() else None


def _in_case_of(value: str, word: str) -> str:
    letters = [char for char in value if char.isalpha()]
    if letters and all(char.islower() for char in letters):
        return word.lower()
    return word.upper() if len(letters) > 1 and all(char.isupper() for char in letters) else word


def _first_name(value: str, draw: Draw) -> str:
    return _in_case_of(value, draw.one_of(FIRST_NAMES))


def _last_name(value: str, draw: Draw) -> str:
    return _in_case_of(value, draw.one_of(LAST_NAMES))


def _user_name(value: str, draw: Draw) -> str:
    return _in_case_of(value, draw.one_of(FIRST_NAMES).lower() + draw.digits(3))


def _email(value: str, draw: Draw) -> str:
    at = value.find("%40")
    sign = "%40" if at >= 0 and "@" not in value else "@"
    name = f"{draw.one_of(FIRST_NAMES)}.{draw.one_of(LAST_NAMES)}{draw.digits(2)}".lower()
    return f"{name}{sign}{draw.one_of(DOMAINS)}.example"


def _ipv4(value: str, draw: Draw) -> str:  # noqa: ARG001 - a form's signature
    return f"{draw.one_of(('192.0.2', '198.51.100', '203.0.113'))}.{draw.below(254) + 1}"


def _ipv6(value: str, draw: Draw) -> str:  # noqa: ARG001 - a form's signature
    return "2001:db8:" + ":".join(f"{draw.below(0xFFFF) + 1:x}" for _ in range(6))


def _mac_address(value: str, draw: Draw) -> str | None:
    """Locally administered (02-...), so no manufacturer's."""
    digits = iter("02" + "".join(draw.one_of("0123456789abcdef") for _ in value))
    made_up = "".join(next(digits) if char in string.hexdigits else char for char in value)
    return made_up.upper() if value.upper() == value else made_up


def _card(value: str, draw: Draw) -> str | None:
    """Of the issuer 9999, valid by Luhn like the real one."""
    count = sum(char.isdecimal() for char in value)
    if not 12 <= count <= 19:
        return same_shape(value, draw)
    body = "9999" + draw.digits(count - 5)
    return _spread(value, body + _luhn_digit(body))


def _luhn_digit(body: str) -> str:
    total = 0
    for index, char in enumerate(reversed(body)):
        doubled = int(char) * (2 if index % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def _phone(value: str, draw: Draw) -> str | None:
    count = sum(char.isdecimal() for char in value)
    if not 7 <= count <= 15:
        return same_shape(value, draw)
    if value.lstrip().startswith("+"):
        return _spread(value, "999" + draw.digits(count - 3))
    return _spread(value, draw.digits(count - 7) + "55501" + draw.digits(2))


def _ssn(value: str, draw: Draw) -> str | None:
    count = sum(char.isdecimal() for char in value)
    return _spread(value, "666" + draw.digits(6)) if count == 9 else same_shape(value, draw)


def _iban(value: str, draw: Draw) -> str | None:
    """Of the country XX, with valid check digits."""
    count = sum(char.isalnum() for char in value)
    if not 15 <= count <= 34:
        return same_shape(value, draw)
    account = draw.digits(count - 4)
    check = 98 - int(account + "333300") % 97  # X is 33
    made_up = iter(f"XX{check:02d}{account}")
    return "".join(next(made_up) if char.isalnum() else char for char in value)


def _date(value: str, draw: Draw) -> str | None:
    """Numbers that are a day and a month in either order; names of months stay out of it."""

    def number(match: re.Match[str]) -> str:
        size = len(match[0])
        if size == 4:
            return str(1940 + draw.below(70))
        if size == 8:
            return f"{1940 + draw.below(70)}{draw.below(12) + 1:02d}{draw.below(12) + 1:02d}"
        return str(draw.below(12) + 1).zfill(size) if size == 2 else str(draw.below(9) + 1)

    made_up = re.sub("[0-9]+", number, value)
    return made_up if made_up != value else same_shape(value, draw)


def _street_address(value: str, draw: Draw) -> str:  # noqa: ARG001 - a form's signature
    return f"{draw.below(199) + 1} {draw.one_of(STREETS)} Street"


def _city(value: str, draw: Draw) -> str:
    return _in_case_of(value, draw.one_of(CITIES))


def _spread(value: str, digits: str) -> str:
    """Put `digits` where the digits of `value` are."""
    new = iter(digits)
    return "".join(next(new) if char.isdecimal() else char for char in value)


FORMS: dict[str, Form] = {
    "city": _city,
    "credit_debit_card": _card,
    "date": _date,
    "date_of_birth": _date,
    "email": _email,
    "fax_number": _phone,
    "first_name": _first_name,
    "iban": _iban,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "last_name": _last_name,
    "mac_address": _mac_address,
    "phone_number": _phone,
    "ssn": _ssn,
    "street_address": _street_address,
    "user_name": _user_name,
}
"""Forms by label; all other labels use `same_shape`."""
