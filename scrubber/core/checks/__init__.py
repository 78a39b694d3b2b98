"""Validators: is a value that looks right really one? One file for each kind of value; rules name them in YAML.

A check gets the value, the buffer it stands in and its place there (byte offsets), so that it can look at its
neighbours. It answers with yes or no and never raises for any bytes whatever. A name `stdnum.de.idnr` is that module
of python-stdnum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from scrubber.core.checks import (
    aba,
    basic_auth,
    card,
    coordinate,
    crypto,
    email,
    iban,
    ip,
    mac,
    nif,
    nric,
    phone,
    secret,
    ssn,
    user,
    vin,
)
from scrubber.core.checks.luhn import luhn
from scrubber.core.checks.standard import standard_number

Check = Callable[[bytes, bytes, int, int], bool]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "aba": aba.routing_number,
        "authorization": secret.authorization,
        "base58check": crypto.base58check,
        "basic_auth": basic_auth.credentials,
        "bech32": crypto.bech32,
        "card": card.card_number,
        "card_track": card.track,
        "coordinate": coordinate.in_range,
        "email": email.address,
        "email_international": email.international,
        "full_name": user.full_name,
        "iban": iban.iban,
        "ipv4": ip.ipv4,
        "ipv6": ip.ipv6,
        "luhn": luhn,
        "mac": mac.mac_address,
        "nif": nif.spanish_nif,
        "nric": nric.singapore_nric,
        "phone_international": phone.international,
        "phone_local": phone.local,
        "phone_north_america": phone.north_american,
        "secret": secret.secret,
        "secret_mixed": secret.mixed_secret,
        "secret_pass": secret.passed,
        "secret_random": secret.random_secret,
        "secret_strong": secret.strong_secret,
        "secret_value": secret.secret_value,
        "secret_word": secret.secret_word,
        "token": secret.token,
        "ssn": ssn.ssn,
        "person_name": user.person_name,
        "user_home": user.user_home,
        "user_login": user.user_login,
        "user_stated": user.user_stated,
        "user_name": user.user_name,
        "vin": vin.vin,
    }
)


def get_check(name: str) -> Check:
    """The check called `name`; a `LookupError` says which there are."""
    if name.startswith("stdnum."):
        return standard_number(name.removeprefix("stdnum."))
    try:
        return CHECKS[name]
    except KeyError:
        raise LookupError(f"no check is called {name!r}; there are {', '.join(CHECKS)} and stdnum.*") from None
