"""Values of SQL whose names are the columns: `INSERT INTO t (user, password) VALUES ('x', 'V'), ('y', 'W')`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scrubber.core.named.base import REST, NamedValue, column_names

MARK = r"(?i:values?)\s*\("
"""In every text in which a column may name a value."""

_VALUES = re.compile(rb"\bVALUES?\s*+(?=\()", re.IGNORECASE)
_PIECE = re.compile(
    rb"""(?P<string>'(?:[^'\\]++|\\.|'')*+(?P<single>')?|"(?:[^"\\]++|\\.|"")*+(?P<double>")?)"""
    rb"""|(?P<open>[(\[])|(?P<close>[)\]])|(?P<comma>,)|(?P<bare>[^\s'"(\[)\],]++)""",
    re.DOTALL,
)
_BETWEEN = 200  # bytes: VALUES follows the columns (OVERRIDING SYSTEM VALUE, OUTPUT INSERTED.id)
_MOST_COLUMN_BYTES = 16_384
_PLACEHOLDER = (b"?", b"$", b"%", b":", b"@")


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of all rows under the names of their columns; of a call (`MD5('V')`) its texts."""
    position = 0
    while found := _VALUES.search(text, position):
        columns = columns_before(text, found.start())
        position = found.end()
        if columns:
            values, position = rows(text, position)
            for column, start, end, bare, is_awaited in values:
                if column < len(columns) and start < end and not is_awaited:
                    yield NamedValue(columns[column], start, end, bare)


class Value(NamedTuple):
    """A value of a row, or a placeholder that awaits one; `bare` as that of a `NamedValue`."""

    column: int
    start: int
    end: int
    bare: bool
    is_awaited: bool


def columns_before(text: bytes, values_at: int) -> list[bytes]:
    """Return the names of the columns in the parentheses before `VALUES` at `values_at`; none where there are none."""
    closing = text.rfind(b")", max(0, values_at - _BETWEEN), values_at)
    opening = text.rfind(b"(", max(0, closing - _MOST_COLUMN_BYTES), max(0, closing))
    if opening < 0:
        return []
    return column_names(text[opening + 1 : closing])


def rows(text: bytes, start: int) -> tuple[list[Value], int]:
    """Return the values of the rows from `start` on, and where the last one ends."""
    values: list[Value] = []
    column = depth = 0
    end = start
    for piece in _PIECE.finditer(text, start):
        kind = piece.lastgroup  # of groups within groups the outer one
        if depth == 0 and piece.group() not in (b"(", b","):
            break
        if kind == "open":
            depth += 1
            column = 0 if depth == 1 else column
        elif kind == "close":
            depth -= 1
        elif kind == "comma":
            column += depth == 1
        elif kind == "bare":
            if depth == 1 and text[piece.end() : piece.end() + 1] not in (b"'", b'"', b"("):
                awaited = piece["bare"].startswith(_PLACEHOLDER)
                values.append(Value(column, *piece.span(), bare=False, is_awaited=awaited))
        elif piece["single"] or piece["double"]:
            values.append(Value(column, *piece.span(), bare=False, is_awaited=False))
        else:
            rest = REST.match(text, piece.start() + 1)
            assert rest is not None, "What is left may be empty. This is a bug."
            values.append(Value(column, *rest.span(), bare=True, is_awaited=False))
        end = piece.end()
    return values, end
