"""Secrets behind a telling key: what stands there and is not one."""

from __future__ import annotations

import math

_NOT_SECRETS = frozenset(
    b"""null none true false nil undefined empty yes no and or not is was for from the redacted masked hidden removed
    filtered
    password passwd secret token key string required invalid failed failure expired missing incorrect wrong changed
    change reset
    authentication auth ok unknown accepted rejected denied valid correct enabled disabled set unset will must should
    has have
    been being does did can cannot may optional default protected prompt policy field value hash using via with
    verification
    check checking manager expires expiry attempt attempts login logon user username bearer basic digest
    negotiate""".split()
)
_NOT_FIRST = (
    b"<",
    b"${",
    b"{{",
    b"%(",
    b"%{",
    b"$(",
    b"***",
    b"xxx",
    b"...",
    b"::",
    b"[redacted",
    b"[masked",
    b"[filtered",
)
_PUNCTUATION = b"\\\"'.,;:!?)]}> "


def secret(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` may be a secret: not a word of the message (`password incorrect`), a placeholder or a call."""
    word = value.strip(_PUNCTUATION).lower()
    if not word or word in _NOT_SECRETS or word.startswith(_NOT_FIRST) or value.lower().startswith(_NOT_FIRST):
        return False
    return len(set(word)) > 1


def strong_secret(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` was drawn at random, as generated keys are: letters and digits, and more entropy than words have.

    The limit, in bits a character, grows with the length: a short text has no room for much of it.
    """
    if not secret(value) or value.isalpha() or value.isdigit():
        return False
    return entropy(value) >= min(3.5, 0.75 * math.log2(len(value)))


def entropy(value: bytes) -> float:
    """Shannon entropy of the bytes of `value`, in bits a byte."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in map(value.count, set(value)))
