"""Values of SQL whose names are the columns: `INSERT INTO t (user, password) VALUES ('x', 'V'), ('y', 'W')`.

Of a statement with placeholders the values may follow: `VALUES (?, ?)] [parameters: ('x', 'V')]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scrubber.core.named.base import REST, NamedValue, column_names

MARK = r"(?i:values?)\s*\("
"""In every text in which a column may name a value."""

_VALUES = re.compile(rb"\bVALUES?\s*+(?=\()", re.IGNORECASE)
_PARAMETERS = re.compile(rb"[^()]{0,60}?\b(?:param(?:eter)?|arg|bind|value)s?\W{1,6}?(?=[(\[])", re.IGNORECASE)
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
        columns = _columns(text, found.start())
        position = found.end()
        if columns:
            values, position = _rows(text, position)
            awaited = [columns[value.column] for value in values if value.column < len(columns) and value.is_awaited]
            yield from _named(values, columns)
            following = _PARAMETERS.match(text, position) if awaited else None
            if following is not None:
                values, position = _rows(text, following.end())
                yield from _named(values, awaited)


class _Value(NamedTuple):
    column: int
    start: int
    end: int
    bare: bool
    is_awaited: bool


def _columns(text: bytes, values_at: int) -> list[bytes]:
    closing = text.rfind(b")", max(0, values_at - _BETWEEN), values_at)
    opening = text.rfind(b"(", max(0, closing - _MOST_COLUMN_BYTES), max(0, closing))
    if opening < 0:
        return []
    return column_names(text[opening + 1 : closing])


def _rows(text: bytes, start: int) -> tuple[list[_Value], int]:
    """Return the values of the rows from `start` on, and where the last one ends."""
    values: list[_Value] = []
    column = depth = 0
    end = start
    for piece in _PIECE.finditer(text, start):
        kind = piece.lastgroup  # of groups within groups the outer one
        if depth == 0 and kind not in ("open", "comma"):
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
                values.append(_Value(column, *piece.span(), bare=False, is_awaited=awaited))
        elif piece["single"] or piece["double"]:
            values.append(_Value(column, *piece.span(), bare=False, is_awaited=False))
        else:
            rest = REST.match(text, piece.start() + 1)
            assert rest is not None, "What is left may be empty. This is a bug."
            values.append(_Value(column, *rest.span(), bare=True, is_awaited=False))
        end = piece.end()
    return values, end


def _named(values: Sequence[_Value], columns: Sequence[bytes]) -> Iterator[NamedValue]:
    for column, start, end, bare, is_awaited in values:
        if column < len(columns) and start < end and not is_awaited:
            yield NamedValue(columns[column], start, end, bare)
