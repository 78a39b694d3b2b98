"""What a record looks like: one file for each format, and the list that `format_of` asks in order.

GELF, ECS and OTLP's JSON are JSON to the last byte and need nothing of their own but names for their fields, which are
the paths of JSON: `short_message`, `user.name`, `resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue`.
"""

from __future__ import annotations

from scrubber.core.formats.access import AccessLog
from scrubber.core.formats.base import Format, Kind, Token
from scrubber.core.formats.cef import Cef
from scrubber.core.formats.json_lines import Json
from scrubber.core.formats.logfmt import Logfmt
from scrubber.core.formats.stack_trace import StackTrace
from scrubber.core.formats.syslog import Syslog3164, Syslog5424
from scrubber.core.formats.text import Text

JSON = Json()
FORMATS: tuple[Format, ...] = (JSON, Cef(), Syslog5424(), Syslog3164(), AccessLog(), Logfmt(), StackTrace(), Text())
"""In the order in which they are asked; the last one fits everything."""

__all__ = ["FORMATS", "JSON", "Format", "Kind", "Token", "format_of"]


_BY_FIRST = [tuple(known for known in FORMATS if byte in known.begins) for byte in range(256)]


def format_of(text: bytes) -> Format:
    """Return the first format that fits `text`."""
    for known in _BY_FIRST[text[0]] if text else FORMATS:
        if known.fits(text):
            return known
    raise AssertionError("The last format fits everything. This is a bug.")
