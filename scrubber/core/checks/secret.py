"""Secrets behind a telling key: what stands there and is not one."""

from __future__ import annotations

import math
import re

from scrubber.core.checks.field_name import is_visibility, listed_name
from scrubber.core.checks.state import is_state

_NOT_SECRETS = frozenset(
    b"""null none true false nil undefined empty yes no and or not is was for from the by to in on at of an a it
    redacted
    masked hidden removed filtered encrypted password passwd secret token key string required invalid failed failure
    expired missing incorrect wrong changed change reset authentication auth ok unknown accepted rejected denied valid
    correct enabled disabled set unset will must should has have been being does did can cannot may optional default
    protected prompt policy field value hash using via with verification check checking manager expires expiry attempt
    attempts login logon user username bearer basic digest negotiate too about already now only stored weak strong short
    long same different ready available unavailable pending success successful error granted allowed forbidden
    provided needed supported unsupported updated created deleted generated loaded loading
    str varchar integer boolean""".split()
)
_SECRET_NAMES = frozenset(b"password passwd pwd passphrase secret token apikey accesstoken key hash".split())
_FILLED_IN_ONLY = frozenset(
    b"null none true false nil undefined empty yes no redacted masked hidden removed filtered encrypted string".split()
)
"""What stands in the place of a value that is not there, or was taken out; all else in a field of its own is one."""
_OWN_FIELD = re.compile(rb"""["']\s{0,4}(?::|=>)\s{0,4}["']$""")
_LONGEST_SIGN = 12
_FLAGS = (b"0", b"1")  # showPwd=1
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
    b"[removed",
    b"(sensitive",
    b"(known",
    b"pam_",  # gdm-password]: pam_unix
    b"gkr-pam",
)
_PUNCTUATION = b"\\\"'.,;:!?)]}> "
_CALL = re.compile(rb"[A-Za-z_][\w.$]*(?:\(.*\)?|\{.*)", re.DOTALL)
_REFERENCE = re.compile(rb"(?i)(?:arn:aws[a-z\-]*:|id:\d+$)")  # where the secret is kept, or its number
# UPDATE a SET password = $1, token = excluded.token
_PARAMETER = re.compile(rb"[$@]p?\d{1,2}|%s|%\(\w+\)s|(?:var)?char\(\d{1,5}")
_COLUMN = re.compile(rb"(?:values\(|(?:excluded|self|this|new|old|[a-z]\d?)\.)(\w+)")
_LOOKED_UP = re.compile(
    rb"(?:(?:process\.env|os\.environ|settings|config|request|req|params|env)(?:\.get)?[.\[(]['\"]?|(?:os\.)?getenv\(['\"]?)"
    rb"[A-Za-z_][\w.]*(?:[\[(].*)?"
)
_NAME = re.compile(rb"(?:[a-z]{2,}\.){2,}\w+(?:@[0-9a-f]+)?|[A-Za-z]+(?:[_\-.][A-Za-z]+)*|0[xX][0-9A-Fa-f]{1,4}")


def secret(value: bytes, text: bytes = b"", start: int = 0, _end: int = 0) -> bool:
    """Whether `value` may be a password: not a word of the message (`password incorrect`; but in `"password": "V"`
    there is no message), not a placeholder, and not the name of a field.
    """
    if value in _FLAGS or listed_name(value, text, start) or is_visibility(text, start):
        return False
    lower = value.lower()
    word = lower.strip(_PUNCTUATION)
    words = _FILLED_IN_ONLY if _is_own_field(value, text, start) else _NOT_SECRETS
    if not word or word in words or word.startswith(_NOT_FIRST) or lower.startswith(_NOT_FIRST):
        return False
    if _PARAMETER.fullmatch(word) or _is_column(word) or _LOOKED_UP.fullmatch(word):
        return False
    return len(set(word)) > 1 or (word.isalnum() and word.strip(b"x") != b"")


def _is_own_field(value: bytes, text: bytes, start: int) -> bool:
    return not value.startswith(b",") and _OWN_FIELD.search(text[max(0, start - _LONGEST_SIGN) : start]) is not None


def _is_column(word: bytes) -> bool:
    column = _COLUMN.fullmatch(word)
    return column is not None and column[1].replace(b"_", b"") in _SECRET_NAMES


def secret_word(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether a word in a sentence (`password is V`) is one that nobody would write there but as a password."""
    return secret(value) and not is_state(value.strip(_PUNCTUATION).lower())


def mixed_secret(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether a word that only stands near `password` is one: of three kinds of characters or more, as no name is."""
    return secret_word(value) and sum(kind.search(value) is not None for kind in _KINDS) >= _MIXED


_KINDS = tuple(re.compile(kind) for kind in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^A-Za-z0-9_./\\\-]"))
_MIXED = 3


def passed(value: bytes, text: bytes = b"", start: int = 0, _end: int = 0) -> bool:
    """Whether what stands behind `pass` or `pw` is a password: behind a colon alone (`pass: 12`) only a mixed one."""
    is_assigned = text[start - 1 : start] in (b"=", b'"', b"'")
    return secret_word(value) if is_assigned else mixed_secret(value)


def secret_value(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether what is assigned to `api_key` and its like is a value: also not code (`Provider()`, `Word{...`)."""
    return (
        secret(value, text, start, end)
        and len(value) >= 4
        and _CALL.fullmatch(value) is None
        and _REFERENCE.match(value) is None
    )


_SHORT, _LONG_NUMBER = 6, 16


def token(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether what is assigned to a vague name such as `token` is a secret: no name, no small number, no code."""
    if len(value) < (_LONG_NUMBER if value.isdigit() else _SHORT) or value.startswith(b":"):
        return False
    if not secret_value(value, text, start, end):
        return False
    return _NAME.fullmatch(value) is None or (len(value) >= 24 and value.isalpha() and not value.islower())


def authorization(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` is a scheme and its credentials, or credentials alone, and not a sentence."""
    scheme, _, rest = value.partition(b" ")
    credentials = rest.strip() or scheme
    if not secret(credentials) or credentials.lower() in _SCHEMES:
        return False
    return scheme.lower() in _SCHEMES or any(48 <= char <= 57 for char in credentials) or len(credentials) >= 16


_SCHEMES = frozenset(
    b"bearer basic token digest negotiate ntlm apikey api-key hmac oauth splunk ssws signature".split()
)


def random_secret(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether a value behind a fixed first part is more than filling (`AAAA...`): letters and digits, well mixed."""
    return strong_secret(value.lstrip(value[:1]))


def strong_secret(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` may have been drawn at random, as generated keys are: letters and digits, not the same few over
    and over. The limit is what random hexadecimal digits of that length reach nearly always; it grows with the
    length.
    """
    if not secret(value) or value.isdigit() or not any(48 <= char <= 57 for char in value):
        return False
    return entropy(value) >= min(3.0, 0.6 * math.log2(len(value)))


def entropy(value: bytes) -> float:
    """Shannon entropy of the bytes of `value`, in bits a byte."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in map(value.count, set(value)))
