"""Values of SQL that stand beside a statement with placeholders: `WHERE ssn = $1` and `parameters: $1 = 'V'`,
`SET phone = ?` and `args=('V',)`, `VALUES (?)` and `binding parameter [1] as [VARCHAR] - [V]`.

Values go with the statement before them, or where there is none yet with the one behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scrubber.core.named import inserts
from scrubber.core.named.base import REST, NamedValue, literal

MARK = inserts.MARK + (
    r"|(?i:arg(?:ument)?|param(?:eter)?|bind(?:ing)?|value)s?\W{1,6}(?i:array)?[\[({]|(?i:parameters):\s"
    r"|(?i:binding)\sparameter\s[\[(]|(?i:parameter)\svalue\s\["
    r"|\[(?i:generated\sin|cached\ssince|no\skey|raw\ssql|caching\sdisabled)|\s\[[\"']"
    r"|\$\d{1,4}\s?=\s?[EN]?['\"\d]|@[A-Za-z_]\w{0,40}\s?=\s?[EN]?'"
)
"""In every text in which values may stand for placeholders. Of those themselves an engine would see too many."""

_PLACEHOLDER = rb"\?\d{0,3}+(?![\w?&=])|\$\d{1,4}+|%s|@[A-Za-z_]\w{0,40}+|(?<![\w:)\]}\"']):\d{1,3}+(?!\d)"
_AWAITED = re.compile(rb"[=<>~(,\s](?:" + _PLACEHOLDER + rb")", re.IGNORECASE)
_PIECE = re.compile(
    rb"""(?<!\w)(?:(?P<values>VALUES?\s*+(?=\())"""
    rb"""|(?P<column>[A-Za-z_]\w{0,63}+)["'`\]]?(?:::\w{1,30}+)?(?:\)["'`\]]?){0,3}+\s{0,8}+"""
    rb"""(?:(?:NOT\s{1,4})?(?:I?LIKE|IN|BETWEEN)|[=<>!~*]{0,2}[=<>~*])\s?(?:\w{0,30}+\s?\(\s?){0,2}"""
    rb"""(?P<slot>""" + _PLACEHOLDER + rb""")"""
    rb"""|binding\sparameter\s[\[(](?P<bound>\d{1,4})(?:\]\sas\s\[|:)[\w<>, ]{1,60}[\])]\s<?-\s\["""
    rb"""(?P<bound_value>(?:[^\]\r\n]++|\](?!["\s]|\Z))*+)"""
    rb"""|column\sindex\s(?P<set>\d{1,4}),\sparameter\svalue\s\[(?P<set_value>(?:[^\]\r\n]++|\](?!,\svalue\sclass))*+)"""
    rb"""|(?P<typed>Parameters:\s(?!array[\[({]))(?=[^\s\[({$@]))"""
    rb"""|(?P<number>\$\d{1,4}+(?=\s?=\s?[EN]?['"\d])|@[A-Za-z_]\w{0,40}+(?=\s?=\s?[EN]?'))\s?=\s?"""
    rb"""|(?P<list>(?:arg(?:ument)?|param(?:eter)?|bind(?:ing)?|value)s?\W{1,6}?(?:array)?(?=[\[({](?!@))"""
    rb"""|\[(?:generated\sin|cached\ssince|no\skey|raw\ssql|caching\sdisabled)[^\]\r\n]{0,60}\]\s(?=[(\[]))"""
    rb"""|(?<=\s)(?<![,=\[(]\s)(?<!["']:\s)(?P<bare_list>(?=\[["']))"""
    rb"""|(?P<next>""" + _PLACEHOLDER + rb")",
    re.IGNORECASE,
)
_SLOT = re.compile(_PLACEHOLDER)
_CONTINUED = re.compile(rb"\s{0,8}(?:,|AND\b)\s{0,8}", re.IGNORECASE)
_ITEM = re.compile(
    rb"""(?P<string>[ubrNE]?(?:'(?:[^'\\]++|\\.|'')*+(?P<single>')?|"(?:[^"\\]++|\\.)*+(?P<double>")?))(?P<key>\s?(?::|=>))?"""
    rb"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<bare>[^\s'"(\[{)\]},]++)""",
    re.DOTALL,
)
_OF_ROWS = re.compile(rb"\[\s{0,8}[\[(]|\(\s{0,8}\(")
_TYPED = re.compile(rb"""(?:null|([^\r\n]{0,500}?)\([A-Z]\w{1,30}\))(?:,\s|(?=[\r\n"]|\Z))""")
_NO_VALUES = frozenset((b"null", b"none", b"nil", b"undefined", b"default", b"true", b"false"))

_MOST_COLUMNS = 4
"""A placeholder with a number may stand for several columns."""
_MOST_UNCLOSED = 2
"""A list that is not closed may be none, and is read again for what opens inside of it: so often at most."""

_Key = int | bytes
"""Which placeholder: by its place, from 0 on, or by its name."""


class _Slot(NamedTuple):
    """A placeholder, and the column that its value belongs to (empty: none)."""

    placeholder: bytes
    column: bytes


class _Given(NamedTuple):
    """Values for placeholders; `must_fit`: only a statement with as many placeholders is theirs."""

    values: list[tuple[_Key, int, int]]
    must_fit: bool = False


class _Statement:
    """The columns of a statement's placeholders, and whether values for them were seen."""

    def __init__(self) -> None:
        self.columns: dict[_Key, list[bytes]] = {}
        self.is_answered = False
        self._places = 0

    def add(self, slot: _Slot) -> None:
        digits = slot.placeholder[1:].rstrip(b"s")
        if slot.placeholder.startswith(b"@"):
            key: _Key = slot.placeholder.lower()
        elif digits.isdigit():
            key = int(digits) - 1
        else:
            key = self._places
            self._places += 1
        columns = self.columns.setdefault(key, [])
        if slot.column not in (b"", *columns) and len(columns) < _MOST_COLUMNS:
            columns.append(slot.column)

    def may_have(self, given: _Given) -> bool:
        """Whether `given` may be the values of this statement."""
        return bool(given.values) and not (given.must_fit and len(given.values) != len(self.columns))

    def named(self, given: _Given) -> Iterator[NamedValue]:
        if self.may_have(given):
            for key, start, end in given.values:
                for column in self.columns.get(key, ()) if start < end else ():
                    yield NamedValue(column, start, end, bare=True)


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of placeholders under the names of their columns, without quotes."""
    if _AWAITED.search(text) is None:
        return
    statement = _Statement()
    early: list[_Given] = []
    for piece in _pieces(text):
        if isinstance(piece, _Slot):
            if statement.is_answered and not piece.column:
                continue
            if statement.is_answered:
                statement = _Statement()
            statement.add(piece)
        elif not statement.columns:
            early.append(piece)
        elif statement.may_have(piece):
            for given in (*early, piece):
                yield from statement.named(given)
            early.clear()
            statement.is_answered = True
    for given in early:
        yield from statement.named(given)


def _pieces(text: bytes) -> Iterator[_Slot | _Given]:
    """Yield all placeholders and values, in the order of the text."""
    position = read = last = unclosed = 0
    column = b""
    while piece := _PIECE.search(text, position):
        kind, position = piece.lastgroup, piece.end()
        if kind == "values":
            columns = inserts.columns_before(text, piece.start())
            if columns and piece.start() >= read:
                values, read = inserts.rows(text, position)
                position = read
                for value in values:
                    if value.is_awaited and value.column < len(columns):
                        yield _Slot(_placeholder(text, value.start), columns[value.column])
        elif kind == "slot":
            column, last = piece["column"], position
            yield _Slot(piece["slot"], column)
        elif kind == "next":
            continued = _CONTINUED.fullmatch(text, last, piece.start())
            column, last = column if continued else b"", position
            yield _Slot(piece["next"], column)
        elif kind == "number":
            quoted = literal(text, position)
            if quoted is not None:
                key = piece["number"].lower() if piece["number"].startswith(b"@") else int(piece["number"][1:]) - 1
                position = quoted.behind
                yield _Given([(key, quoted.start, quoted.end)])
        elif kind in ("bound_value", "set_value"):
            yield _Given([(int(piece["bound"] or piece["set"]) - 1, *piece.span(kind))])
        elif kind == "typed":
            given, position = _typed(text, position)
            yield given
        elif piece.start() >= read:  # a list
            given, end, is_closed = _list(text, position, must_fit=kind == "bare_list")
            unclosed += not is_closed
            if is_closed or unclosed > _MOST_UNCLOSED:
                read = end
            position = end if is_closed else position + 1
            yield given
        else:
            position += 1


def _placeholder(text: bytes, start: int) -> bytes:
    found = _SLOT.match(text, start)
    return found.group() if found else b"?"


def _typed(text: bytes, position: int) -> tuple[_Given, int]:
    """Return the values of a line of MyBatis, `V(String), 7(Integer)`, and where they end."""
    values: list[tuple[_Key, int, int]] = []
    count = 0
    while found := _TYPED.match(text, position):
        if found[1] is not None:
            values.append((count, *found.span(1)))
        count += 1
        position = found.end()
        if not found.group().endswith(b" "):
            break
    return _Given(values), position


def _list(text: bytes, start: int, *, must_fit: bool) -> tuple[_Given, int, bool]:
    """Return the values of the list, or rows, that open at `start`; where they end, and whether they are closed."""
    values: list[tuple[_Key, int, int]] = []
    level = 2 if _OF_ROWS.match(text, start) else 1
    depth = place = 0
    for item in _ITEM.finditer(text, start):
        if item["open"]:
            depth += 1
            place = 0 if depth == level else place
        elif item["close"]:
            depth -= 1
            if depth == 0:
                return _Given(values, must_fit), item.end(), True
        elif item["comma"]:
            place += depth == level
        elif item["bare"]:
            if item["bare"].lower() not in _NO_VALUES:
                values.append((place, *item.span("bare")))
        else:
            opening = item.start() + (item["string"][:1] not in b"'\"")
            if not (item["single"] or item["double"]):
                rest = REST.match(text, opening + 1)
                assert rest is not None, "What is left may be empty. This is a bug."
                values.append((place, *rest.span()))
                return _Given(values, must_fit), rest.end(), False
            inside = text[opening + 1 : item.end("string") - 1]
            if item["key"]:
                place = int(inside) - 1 if inside.isdigit() and len(inside) <= 4 else -1
            else:
                values.append((place, opening + 1, item.end("string") - 1))
    return _Given(values, must_fit), len(text), False
