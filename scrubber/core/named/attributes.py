"""Values whose name is a value itself, as in attributes of OTLP: `{"key": "password", "value": {"stringValue": "V"}}`.

So are those of a patch (`"path": "/phone", "value": "V"`) and of a refusal (`"field": "phone", "rejectedValue": "V"`).

The name holds for everything inside of the value, at any depth, and wherever in the object the two stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue

MARK = '(?i:value)"'
"""In every text in which a value may be named by another one."""

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_NAME = rb'"(?:key|name|path|field(?:name)?)"\s*+:\s*+"'
_NAMES, _VALUES = re.compile(_NAME, re.IGNORECASE), re.compile(rb'"value"\s*+:', re.IGNORECASE)
_SCALAR = rb"(" + _STRING + rb"|[^\s\"'\[\]{},]++)"
_NEIGHBOURS = re.compile(
    _NAME
    + rb'((?:[^"\\]++|\\.)*+)"\s*+,\s*+"(?:rejected)?value"\s*+:\s*+(?:\{\s*+"\w++"\s*+:\s*+'
    + _SCALAR
    + rb"(?=\s*+\})|"
    + _SCALAR
    + rb")",
    re.DOTALL | re.IGNORECASE,
)

# In a view, quotes inside of strings have lost their backslash: a quote ends a string where a string may end, and those
# around a document in a string are passed over. `(...)*` and `(...)?` without a second `+`: see `containers`.
_PIECE = re.compile(
    rb'(?:"(?=(?:\[\s*+)?+\{\s*+"\w))?(?P<open>[{\[])|(?P<close>[}\]])"?+'
    rb'|(?P<scalar>"[^"]*+(?:"(?!\s{0,64}+(?:[,:}\]]|\Z))[^"]*+)*"?|[^\s"{}\[\],:]++)(?P<key>\s*+:)?'
)
_MOST_NAMES_AROUND = 8
"""A value within more named values than this goes by the outer ones: every byte is read so often at most."""
_MOST_NAMES, _LONGEST_NAME = 4, 64


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the scalars of `text` that are named by another value, once for each of their names."""
    if not _NAMES.search(text):
        return
    neighbours = [NamedValue(match[1], *match.span(match.lastindex or 0)) for match in _NEIGHBOURS.finditer(text)]
    yield from neighbours
    if len(neighbours) < sum(1 for _ in _VALUES.finditer(text)):  # the rest are containers, or stand elsewhere
        yield from _inside(text)


class _Object:
    """An object that is not closed yet: the member that is being read, its names, and which scalars are its values.

    `opened` is the first scalar of a value that is a container and not closed yet; -1 where there is none.
    """

    __slots__ = ("key", "names", "opened", "values")

    def __init__(self) -> None:
        self.key = b""
        self.names: list[bytes] = []
        self.values: list[tuple[int, int]] = []
        self.opened = -1

    def named(self, scalars: list[tuple[int, int]]) -> Iterator[NamedValue]:
        """Yield its values, once for each of its names."""
        if self.opened >= 0:
            self.values.append((self.opened, len(scalars)))
        for name in self.names:
            for first, last in self.values:
                yield from (NamedValue(name, start, end) for start, end in scalars[first:last])


def _inside(text: bytes) -> Iterator[NamedValue]:
    """As `named_values`, by the structure of the text, each byte of which is looked at once."""
    scalars: list[tuple[int, int]] = []
    around: list[_Object | None] = []  # None: a list, or an object of which nothing is known
    open_values = 0
    for piece in _PIECE.finditer(text):
        top = around[-1] if around else None
        if piece["open"]:
            if top is not None and top.key == b"value" and open_values < _MOST_NAMES_AROUND:
                top.opened = len(scalars)
                open_values += 1
            around.append(None)
        elif piece["close"]:
            if around and top is not None:
                yield from top.named(scalars)
            if around:
                around.pop()
            outer = around[-1] if around else None
            if outer is not None and outer.opened >= 0:
                outer.values.append((outer.opened, len(scalars)))
                outer.opened = -1
                open_values -= 1
        elif piece["key"] is not None:
            key = piece["scalar"].strip(b'"').lower()
            if around and top is None and key in (b"key", b"name", b"value"):
                top = around[-1] = _Object()
            if top is not None:
                top.key = key
        elif top is not None and top.key in (b"key", b"name"):
            if len(top.names) < _MOST_NAMES:
                top.names.append(piece["scalar"].strip(b'"')[-_LONGEST_NAME:])
        else:
            if top is not None and top.key == b"value":
                top.values.append((len(scalars), len(scalars) + 1))
            scalars.append(piece.span("scalar"))
    for unclosed in around:
        if unclosed is not None:
            yield from unclosed.named(scalars)
