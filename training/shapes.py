"""Strings of a given shape."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random
from typing import Final

Maker = Callable[[Random], str]
HEX: Final = "0123456789abcdef"
ALNUM: Final = string.ascii_letters + string.digits
UPPER: Final = string.ascii_uppercase


def chars(rng: Random, alphabet: str, low: int, high: int | None = None) -> str:
    """A random string over `alphabet`, `low` to `high` characters long."""
    return "".join(rng.choices(alphabet, k=low if high is None else rng.randint(low, high)))


def digits(rng: Random, low: int, high: int | None = None) -> str:
    """A random digit string."""
    return chars(rng, string.digits, low, high)


def pattern(rng: Random, shape: str) -> str:
    """Fill a shape: # digit, @ upper-case letter, ? lower-case letter, * letter or digit, % hex digit."""
    kinds = {"#": string.digits, "@": UPPER, "?": string.ascii_lowercase, "*": UPPER + string.digits, "%": HEX}
    return "".join(rng.choice(kinds[c]) if c in kinds else c for c in shape)


def shapes(*choices: str) -> Maker:
    """A maker that fills one of several shapes."""
    return lambda rng: pattern(rng, rng.choice(choices))


def one_of(*choices: str) -> Maker:
    """A maker that picks one of several values."""
    return lambda rng: rng.choice(choices)
