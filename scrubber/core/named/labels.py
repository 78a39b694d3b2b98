"""Custom fields of CEF: `cs1Label=password cs1=V`, `flexString1=V flexString1Label=ssn`; the label names the field."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import itemgetter

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
        labels: dict[bytes, list[tuple[int, bytes]]] = {}
        for key, start, end in fields:
            if key.endswith(_LABEL):
                labels.setdefault(key.removesuffix(_LABEL), []).append(
                    (start, text[start:end].strip()[-_LONGEST_NAME:])
                )
        for key, start, end in fields:
            if key in labels and start < end:
                for name in _nearest(labels[key], start):
                    yield NamedValue(name, start, end, bare=True)


def _nearest(labels: Sequence[tuple[int, bytes]], place: int) -> set[bytes]:
    """Return the last name before `place` and the first one behind it: a line may hold several events."""
    behind = bisect_left(labels, place, key=itemgetter(0))
    return {name for _, name in labels[max(0, behind - 1) : behind + 1]}


def _lines(text: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        if text.find(_LABEL + b"=", start, end) >= 0:
            yield start, end
        start = end + 1


def _fields(text: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield key, start and end of each value: it goes on to the blank before the next key."""
    keys = list(_KEY.finditer(text, start, end))
    for key, following in zip(keys, [*(key.start() - 1 for key in keys[1:]), end], strict=True):
        value = REST.match(text, key.end(), max(key.end(), following))
        assert value is not None, "A value may be empty. This is a bug."
        yield key[1], *value.span()
