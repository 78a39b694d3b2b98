"""Access logs of web servers: common and combined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import Token
from scrubber.core.formats.fields import group_names, named_fields, whole_line

_QUOTED = rb'(?:[^"\\\n]++|\\.)*+'
_LINE = re.compile(
    rb"(?P<client>\S++) (?P<ident>\S++) (?P<user>[^\[\n]{1,256}?) \[(?P<timestamp>[^\]\n]{1,64})\] "
    rb'"(?P<request>' + _QUOTED + rb')" (?P<status>\d{3}|-) (?P<size>\d++|-)'
    rb'(?: "(?P<referer>' + _QUOTED + rb')" "(?P<agent>' + _QUOTED + rb')")?+(?P<rest>.*+)',
    re.DOTALL,
)
_NAMES = group_names(_LINE, prose="rest")


class AccessLog:
    """`192.0.2.1 - alice [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "referer" "agent"`."""

    name = "access_log"
    structured = False

    def fits(self, text: bytes) -> bool:
        """Whether `text` begins as such a line does."""
        return b'] "' in text and _LINE.match(text) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield the fields; none of them is prose."""
        return whole_line(text, named_fields(_LINE, text, _NAMES), wanted)
