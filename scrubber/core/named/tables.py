r"""Values of tables that are drawn with lines, whose names are in the row above the first line: `name | ssn`, then
`-----+----`, then `V | W`, with a frame or without; and of records of psql, with a line for each column behind
`-[ RECORD 1 ]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue
from scrubber.core.named.rows import line

MARK = r"\+--|\| ?:?--|-\[ RECORD"
"""In every text in which a row may name the values below it."""

_MARKED = re.compile(MARK.encode())
_RULE = re.compile(rb"[ \t]*+([+|](?=[:\-]| :?-))?[+|: \t\-]++")
_RECORD = re.compile(rb"[ \t]*+-\[ RECORD \d{1,9} \][\-+]*+")
_NAME = re.compile(rb"[A-Za-z_][\w.\- ]*+\Z")
_LONGEST_NAME = 64
_BAR = b"|"
_BLANKS = b" \t\r"
_NULL = (b"", b"NULL", b"null")

_Cells = list[tuple[int, int]]


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of all rows under the names of their columns, without blanks."""
    marked = _MARKED.search(text)
    if marked is None:
        return
    names: list[bytes] = []
    above: _Cells = []
    is_framed = is_record = False
    this = text.rfind(b"\n", 0, marked.start()) + 1
    position = text.rfind(b"\n", 0, max(0, this - 1)) + 1  # the names are on the line before
    while position < len(text):
        start = position
        position, end = line(text, start)
        cells = _cells(text, start, end)
        if _RECORD.match(text, start, end):
            is_record = True
        elif rule := _is_rule(text, start, end):
            if not names:
                is_framed = bool(rule[1])
                names = [_name(text[slice(*cell)]) for cell in _unframed(text, above, is_framed=is_framed)]
        elif len(cells) < 2:
            names, above, is_record = [], [], False
        elif is_record:
            yield from _values(text, [_name(text[slice(*cells[0])])], [(cells[1][0], end)])
        elif any(names):
            yield from _values(text, names, _unframed(text, cells, is_framed=is_framed))
        else:
            above = cells


def _is_rule(text: bytes, start: int, end: int) -> re.Match[bytes] | None:
    if text.find(b"--", start, end) < 0 or text.find(b"+", start, end) < 0 > text.find(_BAR, start, end):
        return None
    return _RULE.fullmatch(text, start, end)


def _cells(text: bytes, start: int, end: int) -> _Cells:
    cells = []
    for cell in text[start:end].split(_BAR):
        cells.append((start, start + len(cell)))
        start += len(cell) + 1
    return cells


def _unframed(text: bytes, cells: _Cells, *, is_framed: bool) -> _Cells:
    """Return `cells` without what stands before the first bar of a frame and behind the last one."""
    if not is_framed:
        return cells
    return cells[1:] if cells and text[slice(*cells[-1])].strip(_BLANKS) else cells[1:-1]


def _name(cell: bytes) -> bytes:
    found = _NAME.search(cell.strip(_BLANKS)[-_LONGEST_NAME:])
    return found.group() if found else b""


def _values(text: bytes, names: list[bytes], cells: _Cells) -> Iterator[NamedValue]:
    """Yield the values of a row, which may be cut; one with more cells than names has a bar in a value."""
    if len(cells) > len(names):
        return
    for name, (start, end) in zip(names, cells, strict=False):
        value = text[start:end].strip(_BLANKS)
        if name and value not in _NULL:
            at = text.index(value, start)
            yield NamedValue(name, at, at + len(value), bare=True)
