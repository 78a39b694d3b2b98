r"""Values of a dump of SQL whose names are the columns: `COPY t (user, password) FROM stdin;`, rows with a tab between
two values, one on each line, and `\.` behind the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import REST, NamedValue, column_names

MARK = r"(?i:from)\s+(?i:stdin)"
"""In every text in which columns may name the values of rows."""

_COPY = re.compile(
    rb"""\bCOPY\s++(?:"[^"\r\n]{1,200}+"|[^\s"();]++)+\s*+\(([^()]{1,16384}+)\)\s*+FROM\s++STDIN\b[^\r\n]*+\r?\n""",
    re.IGNORECASE,
)
_END, _NULL = b"\\.", b"\\N"


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of all rows under the names of their columns. A row that is cut is the last one."""
    position = 0
    while copy := _COPY.search(text, position):
        names = column_names(copy[1])
        position = copy.end()
        while position < len(text):
            start, position, end = position, *_line(text, position)
            values = text[start:end].split(b"\t")
            is_cut = position == len(text) and 1 < len(values) < len(names)
            if values == [_END] or not (len(values) == len(names) or is_cut):
                break
            for name, value in zip(names, values, strict=False):
                if value not in (b"", _NULL):
                    yield NamedValue(name, start, start + len(value), bare=True)
                start += len(value) + 1


def _line(text: bytes, start: int) -> tuple[int, int]:
    """Return where the next line begins, and where this one ends."""
    newline = text.find(b"\n", start)
    if newline >= 0:
        return newline + 1, newline - (text[newline - 1 : newline] == b"\r")
    rest = REST.match(text, start)
    assert rest is not None, "What is left may be empty. This is a bug."
    return len(text), rest.end()
