"""Values of rows below a row of names: `name,ssn,phone`, then `V,W,X`. Between two values there is a comma,
a semicolon, a tab or a bar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue
from scrubber.core.named.rows import row

_TELLING = (
    r"(?i:names?|mail|phone|mobile|ssn|password|passwd|pwd|address|dob|birth|birthday|birthdate|birth_?date|iban|card_?number"
    r"|secret|token|api_?key)"
)
MARK = _TELLING + r"\"?[,;\t|]\"?[A-Za-z_]|[,;\t|]\"?[A-Za-z_ ]{0,20}" + _TELLING + r"\"?\r?\n"
"""In every text in which a row of names may stand above values: a telling one is among them."""

_MARKED = re.compile(MARK.encode())
_NAME = re.compile(rb'"?[A-Za-z_][\w.\- ]{0,63}+"?')
_FIRST = re.compile(rb'[A-Za-z_][\w.\-]{0,63}+"?\Z')
_LONGEST_HEADER = 16_384
_NULL = (b"", b"\\N", b"NULL", b"null")


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of all rows that have as many as there are names; the last one may be cut."""
    position = 0 if b"\n" in text else len(text)  # most texts are one line
    while marked := _MARKED.search(text, position):
        newline = text.find(b"\n", marked.end() - 1)
        if newline < 0:  # nor has any header behind this one a row
            return
        first = max(position, text.rfind(b"\n", position, marked.start()) + 1, newline - _LONGEST_HEADER)
        position = newline + 1
        delimiter, names = _header(text[first:newline].removesuffix(b"\r"))
        while names and position < len(text):
            start = position
            cells, position = row(text, start, len(names), delimiter, is_csv=True)
            is_cut = position == len(text) and 1 < len(cells) < len(names)
            if not (len(cells) == len(names) or is_cut):
                position = start
                break
            for name, (at, end) in zip(names, cells, strict=False):
                if text[at:end] not in _NULL:
                    yield NamedValue(name, at, end, bare=True)


def _header(listed: bytes) -> tuple[bytes, list[bytes]]:
    """Return what stands between the names at the end of a line, and the names; none where they are no such row."""
    ending = re.search(rb'([,;\t|])"?[A-Za-z_][\w.\- ]*+"?\Z', listed)
    if ending is None:
        return b"", []
    cells = listed.split(ending[1])
    names: list[bytes] = []
    for cell in reversed(cells):
        if _NAME.fullmatch(cell) is None:
            first = _FIRST.search(cell[-64:])
            names += [first.group()] if first else []
            break
        names.append(cell)
    return ending[1], [name.strip(b'"') for name in reversed(names)]
