"""Access logs of web servers: common and combined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import ANYTHING, SPACE, Token
from scrubber.core.formats.fields import Matched, field, group_names, matched_line

_QUOTED = rb'(?:[^"\\\n]++|\\.)*+'
_HEAD = re.compile(
    rb"(?P<client>\S++) (?P<ident>\S++) "
    rb"(?=[^\[\n]{2,257}+(?<= )\[)"  # sooner told than by trying each place where the name of the user may end
    rb"(?P<user>[^\[\n]{1,256}?) \[(?P<timestamp>[^\]\n]{1,64}+)\] "
    rb'"(?P<request>' + _QUOTED + rb')" (?P<status>\d{3}|-) (?P<size>\d++|-)',
    re.DOTALL,
)
_TAIL = re.compile(rb'(?: "(?P<referer>' + _QUOTED + rb')" "(?P<agent>' + _QUOTED + rb')")?+(?P<rest>.*+)', re.DOTALL)
_NAMES, _TAIL_NAMES = group_names(_HEAD, prose=""), group_names(_TAIL, prose="rest")


class AccessLog:
    """`192.0.2.1 - alice [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "referer" "agent"`."""

    name = "access_log"
    structured = False
    begins = ANYTHING - frozenset(SPACE)

    def fits(self, text: bytes) -> bool:
        """Whether `text` begins as such a line does."""
        return b'] "' in text and _HEAD.match(text) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield the fields; none of them is prose."""
        client = text.find(b" ")
        if wanted and len(wanted) == 1 and wanted[0][1] <= client:  # most findings are the address of the client
            return iter((field(0, client, _NAMES[0][0]),))
        return matched_line(text, _matches(text), wanted)


def _matches(text: bytes) -> Iterator[Matched]:
    """Yield head and tail; the tail is looked at only if it is asked for."""
    head = _HEAD.match(text)
    yield head, _NAMES
    yield _TAIL.match(text, head.end() if head else 0), _TAIL_NAMES
