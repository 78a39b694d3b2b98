"""E-mail addresses, and file names that only look like one."""

from __future__ import annotations

import re

from scrubber.core.checks.secret import secret

_FILE_ENDINGS = frozenset(
    b"""png jpg jpeg gif svg webp ico bmp tiff pdf woff woff2 ttf css js json xml yml yaml html htm py java class jar
    service""".split()
)


_LONGEST_USER_INFO = 256
_NOT_IN_USER_INFO = re.compile(rb"[\s/\"'<>]")


def address(value: bytes, text: bytes = b"", start: int = 0, _end: int = 0) -> bool:
    """Not `icon@2x.png`, not `getty@tty1.service`, and not password and host of `https://bob:password@host.example`."""
    return value.rpartition(b".")[2].lower() not in _FILE_ENDINGS and not _is_password_and_host(value, text, start)


def _is_password_and_host(value: bytes, text: bytes, start: int) -> bool:
    _, scheme, user_info = text[max(0, start - _LONGEST_USER_INFO) : start].rpartition(b"://")
    if not scheme or b":" not in user_info or _NOT_IN_USER_INFO.search(user_info):
        return False
    return secret(user_info.partition(b":")[2] + value.rpartition(b"@")[0])


def international(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """An address with letters beyond ASCII, and only letters: no typographic quotes around it."""
    if value.isascii() or b"." not in value.rpartition(b"@")[2]:
        return False
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char.isalnum() or char in "._%+-@" for char in text)
