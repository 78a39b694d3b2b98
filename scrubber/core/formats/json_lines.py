"""JSON, one document or one a line, taken apart without parsing it.

A flat pass over strings, literals and brackets keeps every duplicate key and every digit where it lies. It does not
judge: `fits` asks msgspec (and, for NaN and lone surrogates, which others let through, the standard library).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import msgspec

from scrubber.core.formats.base import SPACE, Kind, Token
from scrubber.errors import Reason, RecordError

try:
    from scrubber.core.formats import _json_places as json_places
except ImportError:  # built without a compiler
    from scrubber.core.formats import json_places  # type: ignore[no-redef]

MAX_DEPTH = 200
"""Levels of nesting down to which a finding can be named. One that lies deeper quarantines its record."""

_OPENINGS, _ENDINGS = frozenset(b'{["'), (b"}", b"]", b'"')
_COMMA = ord(",")
_INSIDE = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
_BARE = rb"[^\s\x00-\x20\"{}\[\],:]++"
_SPACE = rb"[ \t\r\n]*+"
# A member with a scalar value is one match: where nothing is wanted of it, it costs one step instead of four.
_NEXT = re.compile(
    rb'"(?P<string>' + _INSIDE + rb')"' + _SPACE + rb"(?:(?P<colon>:)" + _SPACE + rb'(?:"(?P<value>' + _INSIDE + rb')"'
    rb"|(?P<number>" + _BARE + rb"))?+" + _SPACE + rb")?+,?+"
    rb"|(?P<bare>" + _BARE + rb")"
    rb"|(?P<mark>[{}\[\],])",
    re.DOTALL,
)
_STRING, _COLON, _VALUE, _NUMBER, _ELEMENT, _MARK = range(1, _NEXT.groups + 1)
_STRINGS = (_STRING, _VALUE)

_validate = msgspec.json.Decoder(msgspec.Raw).decode


class Json:
    """A document that begins with a bracket or a quote, or lines that are each such a document."""

    name = "json"
    structured = True
    begins = frozenset(_OPENINGS) | frozenset(SPACE)

    def fits(self, text: bytes) -> bool:
        """Whether `text` is JSON. Too deep to be sure counts as JSON; what is done to it is checked again."""
        if text[:1].isspace():
            text = text.lstrip(b" \t\r\n")
        if not text or text[0] not in _OPENINGS:
            return False
        return is_json(text) or (b"\n" in text and all(is_json(line) for line in text.split(b"\n") if line.strip()))

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield keys, strings, numbers and literals; a key has the path of its member."""
        return _walk(text, wanted) if wanted is None else iter(json_places.places(text, wanted) or _walk(text, wanted))

    def strings(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Yield where the strings of `text` lie that are no keys, without quotes, at whatever depth."""
        for match in _NEXT.finditer(text):
            if match.lastindex in _STRINGS:
                yield match.span(match.lastindex)


def is_json(text: bytes) -> bool:
    """Whether `text` is one JSON document. Raises nothing: what is nested too deep to be checked counts as JSON."""
    if text.rstrip()[-1:] not in _ENDINGS:  # a line that begins with a time in brackets
        return False
    try:
        _validate(text)
    except RecursionError:
        return True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _is_lax_json(text)
    return True


def _is_lax_json(text: bytes) -> bool:
    if not (b"\\u" in text or b"NaN" in text or b"Infinity" in text):
        return False
    try:
        json.loads(text, parse_int=len, parse_float=len)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _walk(text: bytes, wanted: Sequence[tuple[int, int]] | None) -> Iterator[Token]:
    spans = list(reversed(wanted)) if wanted is not None else [(0, len(text))]
    steps: list[str | int] = []
    in_array = False
    for match in _NEXT.finditer(text):
        group, after = match.lastindex, match.end()
        if group == _MARK:
            in_array = _move(steps, match[_MARK])
            continue
        if not spans:
            return
        if after > spans[-1][0] or group == _COLON:
            for kind, start, end in _tokens(match, group, steps):
                while spans and spans[-1][1] <= start:
                    spans.pop()
                if spans and spans[-1][0] < end:
                    yield Token(start, end, _path(steps), kind)
        if in_array and text[after - 1] == _COMMA:
            _move(steps, b",")


def _tokens(match: re.Match[bytes], group: int | None, steps: list[str | int]) -> tuple[tuple[Kind, int, int], ...]:
    """Return what one match holds; a key becomes the last step."""
    if group == _ELEMENT:
        return ((Kind.BARE, *match.span(_ELEMENT)),)
    if group == _STRING:
        return ((Kind.STRING, *match.span(_STRING)),)
    if steps:
        steps[-1] = match[_STRING].decode()
    key = (Kind.KEY, *match.span(_STRING))
    if group == _VALUE:
        return key, (Kind.STRING, *match.span(_VALUE))
    return (key, (Kind.BARE, *match.span(_NUMBER))) if group == _NUMBER else (key,)


def _move(steps: list[str | int], mark: bytes) -> bool:
    """Follow one bracket or comma. In an object the last step is the latest key, in an array (True) the index."""
    if mark == b"{":
        steps.append("")
    elif mark == b"[":
        steps.append(0)
    elif not steps:
        return False
    elif mark != b",":
        steps.pop()
    elif isinstance(steps[-1], int):
        steps[-1] += 1
    return bool(steps) and isinstance(steps[-1], int)


def _path(steps: Sequence[str | int]) -> str:
    if len(steps) > MAX_DEPTH:
        raise RecordError(Reason.TOO_DEEP)
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
