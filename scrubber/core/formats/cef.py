r"""CEF: `CEF:0|vendor|product|version|class|name|severity|src=192.0.2.1 msg=some text`, also behind a syslog header.

A `\` stands before a `|` in the header and before a `=` in the extension, where a value goes on to the next ` key=`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import ANYTHING, Token
from scrubber.core.formats.fields import field, whole_line

_MARK = b"CEF:"
_PREFIX_BYTES = 200
_FIELD = rb"((?:[^|\\\n]++|\\.)*+)"
_HEADER = re.compile(rb"CEF:\d{1,2}\|" + rb"\|".join([_FIELD] * 6) + rb"\|")
_NAMES = ("vendor", "product", "version", "class", "name", "severity")
_KEY = re.compile(rb"(?<=[ |])([A-Za-z][\w.\-\[\]]{0,127})=")


class Cef:
    """ArcSight's Common Event Format."""

    name = "cef"
    structured = False
    begins = ANYTHING

    def fits(self, text: bytes) -> bool:
        """Whether `text` begins with CEF, or has it behind a short header."""
        if b"|" not in text:  # sooner told
            return False
        start = text.find(_MARK, 0, _PREFIX_BYTES)
        return start >= 0 and _HEADER.match(text, start) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield the fields of the header and the values of the extension under their names."""
        return whole_line(text, _fields(text), wanted)


def _fields(text: bytes) -> Iterator[Token]:
    header = _HEADER.match(text, text.find(_MARK))
    assert header is not None, "A text that does not fit its format. This is a bug."
    for index, name in enumerate(_NAMES, start=1):
        yield field(*header.span(index), name, prose=name == "name")
    keys = list(_KEY.finditer(text, header.end()))
    for index, key in enumerate(keys):
        end = keys[index + 1].start() - 1 if index + 1 < len(keys) else len(text)
        yield field(key.end(), max(end, key.end()), key[1].decode(), prose=True)
