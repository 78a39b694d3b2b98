"""syslog lines: RFC 5424, and RFC 3164 as daemons write it, with or without the priority."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import DIGITS, UPPER, Token
from scrubber.core.formats.fields import field, group_names, matched_line, whole_line

_PARAMETER_VALUE = rb'"(?:[^"\\\]]++|\\.)*+"'
_RFC5424 = re.compile(
    rb"<(?P<priority>\d{1,3})>[1-9]\d?+ (?P<timestamp>\S++) (?P<host>\S++) (?P<app>\S++) (?P<process>\S++) "
    rb"(?P<id>\S++) (?P<data>-|(?:\[[^\s=\]\"]++(?: [^\s=\]\"]++=" + _PARAMETER_VALUE + rb")*+\])++)"
    rb"(?: (?P<message>.*+))?+",
    re.DOTALL,
)
_PARAMETER = re.compile(rb'\[([^\s=\]"]++)|([^\s=\]"]++)="((?:[^"\\\]]++|\\.)*+)"')
_RFC3164 = re.compile(
    rb"(?:<(?P<priority>\d{1,3})>)?+"
    rb"(?P<timestamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.,]*+(?:Z|[+\-]\d\d:?\d\d)) "
    rb"(?P<host>[^\s:]++) (?P<app>[^\s:\[\]]++)(?:\[(?P<process>[^\]\s]*+)\])?+: ?(?P<message>.*+)",
    re.DOTALL,
)
_NAMES_5424 = group_names(_RFC5424, prose="message")
_NAMES_3164 = group_names(_RFC3164, prose="message")


class Syslog5424:
    """`<34>1 2026-03-01T12:00:00Z host app 12 ID [data key="value"] message`."""

    name = "syslog5424"
    structured = False
    begins = frozenset(b"<")

    def fits(self, text: bytes) -> bool:
        """Whether `text` has the header of RFC 5424."""
        return text[:1] == b"<" and _RFC5424.fullmatch(text) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield header, parameters (`data.ELEMENT.NAME`) and message."""
        return whole_line(text, _fields_5424(text), wanted)


class Syslog3164:
    """`<34>Mar  1 12:00:00 host app[12]: message`, also with an RFC 3339 time."""

    name = "syslog3164"
    structured = False
    begins = frozenset(b"<" + DIGITS + UPPER)

    def fits(self, text: bytes) -> bool:
        """Whether `text` has the header that syslog daemons write."""
        return _RFC3164.match(text) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield header and message."""
        return matched_line(text, [(_RFC3164.match(text), _NAMES_3164)], wanted)


def _fields_5424(text: bytes) -> Iterator[Token]:
    for token in matched_line(text, [(_RFC5424.match(text), _NAMES_5424)], None):
        if token.path == "data":
            yield from _parameters(text, token.start, token.end)
        else:
            yield token


def _parameters(text: bytes, start: int, end: int) -> Iterator[Token]:
    element = ""
    for match in _PARAMETER.finditer(text, start, end):
        if match[1] is not None:
            element = match[1].decode()
        else:
            yield field(*match.span(3), f"data.{element}.{match[2].decode()}", prose=True)
