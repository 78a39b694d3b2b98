r"""Values of a dump of SQL whose names are the columns: `COPY t (user, password) FROM stdin;`, then a row on each line
and `\.` behind the last one.

Between two values of a row there is a tab, or what the statement says (`DELIMITER '|'`). `FORMAT csv` puts a comma
there, and quotes around values that need them; where it says `HEADER`, the first row has the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scrubber.core.named.base import REST, NamedValue, column_names

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

_Cells = list[tuple[int, int]]


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
            cells, position = _row(text, start, len(names), delimiter, is_csv=is_csv)
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


def _row(text: bytes, start: int, count: int, delimiter: bytes, *, is_csv: bool) -> tuple[_Cells, int]:
    """Return the places of the values of the row at `start`, `count` if all is well, and where the next one begins."""
    if is_csv:
        cells, following = _quoted_cells(text, start, len(text), delimiter)
        if following < len(text) or len(cells) == count or text.endswith((b"\n", b"\r")):
            return cells, following
    following, end = _line(text, start)
    if is_csv:
        return _quoted_cells(text, start, end, delimiter)[0], following
    cells = []
    for value in text[start:end].split(delimiter):
        cells.append((start, start + len(value)))
        start += len(value) + len(delimiter)
    return cells, following


def _quoted_cells(text: bytes, start: int, end: int, delimiter: bytes) -> tuple[_Cells, int]:
    """Return the places of the values of the row at `start`, without quotes, and where the next row begins."""
    cells = []
    cell = _cell(delimiter).match(text, start, end)
    while cell is not None:
        cells.append(cell.span(1 if cell[1] is not None else 2))
        if cell["next"] != delimiter:
            return cells, cell.end()
        cell = _cell(delimiter).match(text, cell.end(), end)
    raise AssertionError("A value may be empty. This is a bug.")


@lru_cache(maxsize=8)
def _cell(delimiter: bytes) -> re.Pattern[bytes]:
    between = re.escape(delimiter)
    return re.compile(
        rb'(?:"((?:[^"]++|"")*+)"(?=' + between + rb'|[\r\n]|\Z)|"?([^\r\n' + between + rb"]*+))"
        rb"(?P<next>" + between + rb"|\r?\n|\r|\Z)"
    )


def _line(text: bytes, start: int) -> tuple[int, int]:
    """Return where the next line begins, and where this one ends."""
    newline = text.find(b"\n", start)
    if newline >= 0:
        return newline + 1, newline - (text[newline - 1 : newline] == b"\r")
    rest = REST.match(text, start)
    assert rest is not None, "What is left may be empty. This is a bug."
    return len(text), rest.end()
