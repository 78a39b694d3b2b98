"""Values that a database refuses: `Key (email)=(V) already exists`, `Duplicate entry 'V' for key 'users.email'`;
that a form refuses: `on field 'phone': rejected value [V]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue, column_names

MARK = r"Key \(|Duplicate entry|: rejected value \["
"""In every text in which a constraint may name a value."""

_KEY = re.compile(
    rb"\bKey \(((?:[^()\r\n]|\([^()\r\n]{0,200}\)){1,400})\)=\(([^\r\n]{0,300}?)\)"
    rb" (?:already exists|is (?:not|still)|conflicts)"
)
_ENTRY = re.compile(rb"\bDuplicate entry '([^\r\n]{0,300}?)' for key '([^'\r\n]{1,200})'")
_FIELD = re.compile(rb"\bon field '([^'\r\n]{1,200}+)': rejected value \[([^\r\n]{0,300}?)\];")
_AROUND_COLUMN = re.compile(rb"::\w+|\w+\(|\)")  # lower(email::text)
_AROUND_INDEX = re.compile(
    rb"(?i:^(?:uk|uq|idx|ix|uniq|unique)_|^index_\w{1,64}?_on_|_(?:uk|uq|idx|ix|uniq|unique|index|key)$)"
)


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield what is refused under the names of its columns, or of its index."""
    for key in _KEY.finditer(text):
        names = column_names(_AROUND_COLUMN.sub(b"", key[1]))
        values = key[2].split(b", ")
        start = key.start(2)
        if len(names) != len(values):
            yield from (NamedValue(name, start, key.end(2), bare=True) for name in names)
            continue
        for name, value in zip(names, values, strict=True):
            yield NamedValue(name, start, start + len(value), bare=True)
            start += len(value) + 2
    for entry in _ENTRY.finditer(text):
        (index,) = column_names(entry[2].replace(b",", b"."))
        yield NamedValue(_AROUND_INDEX.sub(b"", index), *entry.span(1), bare=True)
    for field in _FIELD.finditer(text):
        (name,) = column_names(field[1].replace(b",", b"."))
        yield NamedValue(name, *field.span(2), bare=True)
