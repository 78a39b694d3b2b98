"""E-mail addresses, and file names that only look like one."""

from __future__ import annotations

_FILE_ENDINGS = frozenset(
    b"""png jpg jpeg gif svg webp ico bmp tiff pdf woff woff2 ttf css js json xml yml yaml html htm py java class jar
    service""".split()
)


def address(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Not `icon@2x.png`, not `getty@tty1.service`."""
    return value.rpartition(b".")[2].lower() not in _FILE_ENDINGS


def international(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """An address with letters beyond ASCII, and only letters: no typographic quotes around it."""
    if value.isascii() or b"." not in value.rpartition(b"@")[2]:
        return False
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char.isalnum() or char in "._%+-@" for char in text)
