r"""Values of a dump of SQL whose names are the columns: `COPY t (user, password) FROM stdin;`, then a row on each line
and `\.` behind the last one.

Between two values of a row there is a tab, or what the statement says (`DELIMITER '|'`). `FORMAT csv` puts a comma
there, and quotes around values that need them; where it says `HEADER`, the first row has the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue, column_names
from scrubber.core.named.rows import row

MARK = r"(?i:from)\s+(?i:stdin)"
"""In every text in which columns may name the values of rows."""

_COPY = re.compile(
    rb"""\bCOPY\s++(?:"[^"\r\n]{1,200}+"|[^\s"();]++)+\s*+(?:\((?P<columns>[^()]{1,16384}+)\)\s*+)?+FROM\s++STDIN\b""",
    re.IGNORECASE,
)
_CSV = re.compile(rb"\bCSV\b", re.IGNORECASE)
_HEADER = re.compile(rb"\bHEADER\b(?!\s++(?:FALSE|OFF|0)\b)", re.IGNORECASE)
_DELIMITER = re.compile(rb"\bDELIMITERS?\s++(?:AS\s++)?+E?+'(\\t|[^'\\])'", re.IGNORECASE)
_END, _NULL = b"\\.", b"\\N"


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of all rows under the names of their columns. A row that is cut is the last one."""
    position = 0
    while copy := _COPY.search(text, position):
        newline = text.find(b"\n", copy.end())
        if newline < 0:  # nor has any statement behind this one a row
            return
        options, position = text[copy.end() : newline], newline + 1
        names = column_names(copy["columns"] or b"")
        is_csv, delimiter = _format(options)
        awaits_names = _HEADER.search(options) is not None
        while position < len(text) and (awaits_names or any(names)):
            start = position
            cells, position = row(text, start, len(names), delimiter, is_csv=is_csv)
            if awaits_names:
                awaits_names = False
                names = column_names(b",".join(text[slice(*cell)] for cell in cells))
                continue
            is_cut = position == len(text) and 1 < len(cells) < len(names)
            is_end = [text[slice(*cell)] for cell in cells] == [_END]
            if is_end or not (len(cells) == len(names) or is_cut):
                break
            for name, (first, end) in zip(names, cells, strict=False):
                if text[first:end] not in (b"", _NULL):
                    yield NamedValue(name, first, end, bare=True)


def _format(options: bytes) -> tuple[bool, bytes]:
    """Return whether values may have quotes, and what stands between two of them, which is no quote then."""
    is_csv = _CSV.search(options) is not None
    named = _DELIMITER.search(options)
    if named is None:
        return is_csv, b"," if is_csv else b"\t"
    delimiter = named[1].replace(rb"\t", b"\t")
    return is_csv and delimiter != b'"', delimiter
