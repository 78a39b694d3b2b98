"""Custom fields of CEF: `cs1Label=password cs1=V`, `flexString1=V flexString1Label=ssn`; the label names the field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import REST, NamedValue

MARK = "Label="
"""In every text in which a label may name a field."""

_LABEL = b"Label"
_KEY = re.compile(rb"(?<![^\s|\"',;{(])([A-Za-z][\w.\-\[\]]{0,127})=")
_LONGEST_NAME = 64


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of fields that have a label, wherever on the line it stands."""
    for line in _lines(text):
        fields = list(_fields(text, *line))
        labels = {key: text[start:end] for key, start, end in fields if key.endswith(_LABEL)}
        for key, start, end in fields:
            name = labels.get(key + _LABEL)
            if name is not None and start < end:
                yield NamedValue(name.strip()[-_LONGEST_NAME:], start, end, bare=True)


def _lines(text: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        if text.find(b"Label=", start, end) >= 0:
            yield start, end
        start = end + 1


def _fields(text: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield key, start and end of each value: it goes on to the blank before the next key."""
    keys = list(_KEY.finditer(text, start, end))
    for key, following in zip(keys, [*(key.start() - 1 for key in keys[1:]), end], strict=True):
        value = REST.match(text, key.end(), max(key.end(), following))
        assert value is not None, "A value may be empty. This is a bug."
        yield key[1], *value.span()
