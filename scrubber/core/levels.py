"""The log level that a record gives itself, for policies that differ by level.

A record may say anything: whoever writes a message can write `level=debug` into it. So a scope by level is good for
being stricter with some records, not for trusting others.
"""

from __future__ import annotations

import re
from typing import Literal

import re2

Level = Literal["trace", "debug", "info", "warning", "error", "critical"]

_SPELLINGS: dict[Level, tuple[str, ...]] = {
    "trace": ("trace", "finest", "verbose"),
    "debug": ("debug", "dbg", "fine"),
    "info": ("info", "information", "informational", "notice"),
    "warning": ("warning", "warn"),
    "error": ("error", "err", "severe"),
    "critical": ("critical", "crit", "fatal", "alert", "emergency", "emerg", "panic"),
}
_BY_NAME = {name: level for level, names in _SPELLINGS.items() for name in names}

# Severities of syslog (RFC 5424) and GELF, and the levels of pino and bunyan: the two do not overlap.
_BY_NUMBER: dict[int, Level] = {
    0: "critical", 1: "critical", 2: "critical", 3: "error", 4: "warning", 5: "info", 6: "info", 7: "debug",
    10: "trace", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "critical",
}  # fmt: skip

_NAMES = "|".join(sorted(_BY_NAME, key=len, reverse=True))
_KEY = r"(?:log[._]?)?(?:level|lvl|severity)(?:_?text)?"
_HEAD_BYTES = 300

# In this order: a field of JSON, one of logfmt; at the head of the line, the priority of syslog or a word in capitals.
_FIELD = re2.compile(rf'(?i)"{_KEY}"\s*:\s*"?({_NAMES}|[0-9]{{1,2}})\b|(?:^|\s){_KEY}="?({_NAMES})\b'.encode())
_PRIORITY = re.compile(rb"<(\d{1,3})>")
_WORD = re2.compile(rf"\b({_NAMES.upper()})\b".encode())


def level_of(text: bytes) -> Level | None:
    """Return the level of a record's text; None where it names none. Linear in the text."""
    field = _FIELD.search(text)
    if field is not None:
        return level_named((field[1] or field[2]).decode())
    priority = _PRIORITY.match(text)
    if priority is not None:
        return _BY_NUMBER[int(priority[1]) % 8]
    word = _WORD.search(text[:_HEAD_BYTES])
    return level_named(word[1].decode()) if word is not None else None


def level_named(name: str) -> Level | None:
    """Return the level that `name` (a word in any letter case, or a number) stands for."""
    return _BY_NUMBER.get(int(name)) if name.isdecimal() else _BY_NAME.get(name.lower())
