"""Rows of text: lines with cells, which may have quotes."""

from __future__ import annotations

import re
from functools import lru_cache

from scrubber.core.named.base import REST

Cells = list[tuple[int, int]]
"""`[start, end)` of each value of a row, without its quotes."""


def row(text: bytes, start: int, count: int, delimiter: bytes, *, is_csv: bool) -> tuple[Cells, int]:
    """Return the places of the values of the row at `start`, `count` if all is well, and where the next one begins."""
    if is_csv:
        cells, following = _quoted_cells(text, start, len(text), delimiter)
        if following < len(text) or len(cells) == count or text.endswith((b"\n", b"\r")):
            return cells, following
    following, end = line(text, start)
    if is_csv:
        return _quoted_cells(text, start, end, delimiter)[0], following
    cells = []
    for value in text[start:end].split(delimiter):
        cells.append((start, start + len(value)))
        start += len(value) + len(delimiter)
    return cells, following


def _quoted_cells(text: bytes, start: int, end: int, delimiter: bytes) -> tuple[Cells, int]:
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


def line(text: bytes, start: int) -> tuple[int, int]:
    """Return where the next line begins, and where this one ends."""
    newline = text.find(b"\n", start)
    if newline >= 0:
        return newline + 1, newline - (text[newline - 1 : newline] == b"\r")
    rest = REST.match(text, start)
    assert rest is not None, "What is left may be empty. This is a bug."
    return len(text), rest.end()
