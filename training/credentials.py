"""Secrets that open something: passwords, keys and tokens, cookies, wallets. None of them opens anything."""

from __future__ import annotations

import base64
import string
from random import Random

from training import pools
from training.shapes import ALNUM, HEX, chars, digits, pattern


def password(rng: Random) -> str:
    """A password as people and generators make them."""
    word = rng.choice(pools.words())
    form = rng.randrange(7)
    if form == 0:
        return chars(rng, ALNUM + "!@#$%^&*-_+?", 8, 16)
    if form == 1:
        return word.capitalize() + digits(rng, 2, 4) + rng.choice(("!", "@", "#", "", "!!"))
    if form == 2:
        return word.replace("o", "0").replace("a", "@").replace("e", "3") + digits(rng, 1, 3)
    if form == 3:
        return (
            "".join(w.capitalize() for w in rng.choices(pools.words(), k=2))
            + rng.choice(("!", "?", "*", "#"))
            + digits(rng, 1, 4)
        )
    if form == 4:
        return "-".join(rng.choices(pools.words(), k=rng.randint(3, 4)))
    if form == 5:
        return rng.choice(
            (
                "qwerty",
                "letmein",
                "hunter",
                "dragon",
                "passw0rd",
                "changeme",
                "welcome",
                "iloveyou",
                "P@ssw0rd",
                "s3cret",
                "admin",
            )
        ) + digits(rng, 0, 3)
    return chars(rng, ALNUM, 10, 20)


def api_key(rng: Random) -> str:
    """A key or token in the style of many vendors, none of them real."""
    shape = rng.choice(
        (
            "AKIA****************",
            "sk_test_",
            "pk_test_",
            "ghp_",
            "xoxb-############-",
            "AIza",
            "SG.",
            "glpat-",
            "hf_",
            "key-",
            "tok_",
            "",
            "",
            "hex",
            "jwt",
            "b64",
        )
    )
    if shape == "hex":
        return chars(rng, HEX, rng.choice((32, 40, 64)))
    if shape == "jwt":
        return "eyJhbGciOiJIUzI1NiJ9.eyJ" + chars(rng, ALNUM, 20, 40) + "." + chars(rng, ALNUM + "-_", 30, 43)
    if shape == "b64":
        return base64.b64encode(rng.randbytes(rng.randint(15, 30))).decode()
    if "*" in shape:
        return pattern(rng, shape)
    return pattern(rng, shape) + chars(rng, ALNUM, 20, 36)


def cookie(rng: Random) -> str:
    """A cookie header value."""
    pairs = [
        f"{rng.choice(('sessionid', 'PHPSESSID', 'JSESSIONID', '_ga', 'sid', 'csrftoken', 'auth', 'uid'))}={chars(rng, ALNUM, 10, 32)}"
        for _ in range(rng.randint(1, 2))
    ]
    return "; ".join(pairs)


def wallet(rng: Random) -> str:
    """The address of a wallet in the style of several coins."""
    return rng.choice(
        (
            f"0x{chars(rng, HEX, 40)}",
            f"bc1q{chars(rng, string.ascii_lowercase + string.digits, 38)}",
            f"{rng.choice('13')}{chars(rng, ALNUM, 33)}",
            f"L{chars(rng, ALNUM, 33)}",
            f"r{chars(rng, ALNUM, 33)}",
        )
    )


def private_key(rng: Random) -> str:
    """A private key, as PEM on one line or as a coin writes it."""
    return rng.choice(
        (
            f"-----BEGIN PRIVATE KEY-----{chars(rng, ALNUM + '+/', 40, 64)}",
            f"0x{chars(rng, HEX, 64)}",
            f"5{rng.choice('HJK')}{chars(rng, ALNUM, 49)}",
            f"MIIEvQIBADANBg{chars(rng, ALNUM + '+/', 40, 60)}",
        )
    )
