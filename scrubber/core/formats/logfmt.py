"""logfmt: `level=info msg="user signed in" user=alice`, nothing but pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import LOWER, SPACE, UPPER, Kind, Token
from scrubber.core.formats.fields import field, whole_line

_KEY = rb"[A-Za-z_@][\w.@/\-]*+"
_VALUE = rb'(?:"(?:[^"\\\n]++|\\.)*+"|[^\s"=]++(?:=[^\s"]*+)?+)?+'
_PAIRS = re.compile(rb"\s*+" + _KEY + b"=" + _VALUE + rb"(?:\s++" + _KEY + b"=" + _VALUE + rb")++\s*+")
_PAIR = re.compile(rb"(" + _KEY + rb')=(?:"((?:[^"\\\n]++|\\.)*+)"|(\S*+))')


class Logfmt:
    """Two pairs at least, and nothing else. A model reads the whole of it: the keys tell it what the values are."""

    name = "logfmt"
    structured = False
    begins = frozenset(SPACE + UPPER + LOWER + b"_@")

    def fits(self, text: bytes) -> bool:
        """Whether all of `text` is pairs."""
        return b"=" in text and _PAIRS.fullmatch(text) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield the value of each pair under the name of its key."""
        return whole_line(text, _fields(text), wanted, between=Kind.TEXT)


def _fields(text: bytes) -> Iterator[Token]:
    for pair in _PAIR.finditer(text):
        quoted = pair.lastindex == 2
        start, end = pair.span(2 if quoted else 3)
        yield field(start, end, pair[1].decode(), prose=True)
