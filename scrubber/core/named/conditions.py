"""Values of SQL that a column is compared with otherwise than by `=`: `ssn IN ('V', 'W')`, `ssn = ANY('{V,W}')`,
`phone LIKE 'V%'`, `dob BETWEEN 'V' AND 'W'`, `lower(username) = 'V'`, `(username)::text = 'V'`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue, literal

MARK = (
    r"\b(?i:in|any|all|some) ?\((?:(?i:array) ?\[)? ?(?:[EN]?'|\+?\d{4})|\b(?i:[ir]?like|between) {1,2}[EN]?'"
    r"|(?:\)[\"'`\]]?|::[\w ]{1,30})\s{0,2}= ?[EN]?'|(?:<>|!=|~\*?) ?[EN]?'"
)
"""In every text in which a column may be compared with a value."""

_CONDITION = re.compile(
    rb"""(?<!\w)(?P<column>[A-Za-z_]\w{0,63}+)["'`\]]?(?P<call>(?:\)["'`\]]?){0,3}+"""
    rb"""(?:::(?:character varying|\w{1,30}+))?)\s{0,2}"""
    rb"""(?:(?P<list>(?:NOT )?IN ?\(|(?:=|<>|!=) ?(?:ANY|ALL|SOME) ?\((?:ARRAY ?\[)?) ?(?=[EN]?'|\+?\d{4})"""
    rb"""|(?P<compared>(?:NOT )?(?:R?LIKE|ILIKE|BETWEEN) |<>|!=|!?~{1,2}\*?|=) ?(?=[EN]?'))""",
    re.IGNORECASE,
)
_AGAIN = re.compile(rb"(?:::\w{1,30}+)?\s{0,8}(?:,|AND\b)\s{0,8}(?=[EN]?'|\+?\d{4})", re.IGNORECASE)
_AROUND = b"%_^$"  # of a pattern


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values under the name of the column, without quotes."""
    if b"'" not in text and b"(" not in text:
        return
    position = 0
    while condition := _CONDITION.search(text, position):
        position = condition.end()
        if condition["compared"] == b"=" and not condition["call"]:  # rules know `ssn = 'V'`
            continue
        while (value := literal(text, position)) is not None:
            position = value.behind
            for start, end in _elements(text, value.start, value.end):
                yield NamedValue(condition["column"], start, end, bare=True)
            again = _AGAIN.match(text, position) if condition["list"] or condition["compared"].endswith(b" ") else None
            if again is None:
                break
            position = again.end()


def _elements(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what is in a literal: the elements of an array (`{V,W}`), or a value without the signs of a pattern."""
    inside = text[start:end]
    elements = [inside]
    if inside.startswith(b"{"):
        elements = inside[1:].removesuffix(b"}").split(b",")
        start += 1
    for element in elements:
        value = element.strip(_AROUND)
        if value:
            at = start + element.index(value)
            yield at, at + len(value)
        start += len(element) + 1
