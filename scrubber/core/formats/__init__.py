"""What a record looks like: one file for each format, and the list that `format_of` asks in order."""

from __future__ import annotations

from scrubber.core.formats.base import Format, Kind, Token
from scrubber.core.formats.json_lines import Json
from scrubber.core.formats.text import Text

JSON = Json()
FORMATS: tuple[Format, ...] = (JSON, Text())
"""In the order in which they are asked; the last one fits everything."""

__all__ = ["FORMATS", "JSON", "Format", "Kind", "Token", "format_of"]


def format_of(text: bytes) -> Format:
    """Return the first format that fits `text`."""
    return next(known for known in FORMATS if known.fits(text))
