r"""Evidence: how far a value goes that is proven by its key, and which key a value has.

A rule that knows a value by its shape knows where it ends. One that knows it by the key before it (`"password":`) only
guesses, and in a view a quote that was escaped looks like the end: `"ab\"cd"`. If the value opens with a quote, the
whole quoted token is the value; if it opens a list, all of the list is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from scrubber.core.containers import OPENING, contents

_BLANKS = b" \t\r\n"
_MOST_BLANKS = 8
_INTRODUCE = b":=([{,> \t\r\n"  # what may stand before a quote that opens a value
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SCALAR = rb"(?:" + _STRING + rb"|'[^'\\\n]*+'|[^\s\"'\[\]{},]++)"
NAMED = b'alue"'
"""In every text in which a value may be named by another one."""

_INSIDE = {
    ord('"'): re.compile(rb'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+', re.DOTALL),
    ord("'"): re.compile(rb"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+", re.DOTALL),
}
_REST_OF_LIST = re.compile(rb"(?:\s*+,\s*+" + _SCALAR + rb")++", re.DOTALL)
_NAMED_VALUE = re.compile(
    rb'"(?:key|name)"\s*+:\s*+"((?:[^"\\]++|\\.)*+)"\s*+,\s*+"value"\s*+:\s*+(?:\{\s*+"\w++"\s*+:\s*+)?+('
    + _SCALAR
    + rb"|[{\[])",
    re.DOTALL | re.IGNORECASE,
)


def whole_value(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the whole value, a quoted token or a list, that opens right before `[start, end)`."""
    opening = _before(text, start)
    if opening >= 0 and text[opening] in _INSIDE and not _is_escaped(text, opening):
        quote, opening = opening, _before(text, opening)
        if opening < 0 or text[opening] in _INTRODUCE or text[quote - 1] in _INTRODUCE:
            match = _INSIDE[text[quote]].match(text, quote + 1)
            start, end = quote + 1, max(end, match.end() if match else end)
    if opening >= 0 and text[opening] == ord("["):
        # A quote that did not open the value does not close it, but a string around the list.
        quoted = text[start - 1] in _INSIDE and text[end : end + 1] == text[start - 1 : start]
        rest = _REST_OF_LIST.match(text, end + quoted)
        if rest is not None:
            end = rest.end() - (text[rest.end() - 1] in _INSIDE)
    return start, end


def named_values(text: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of values whose name is a value itself: `{"key":"password","value":"..."}`."""
    if b'alue"' not in text:
        return
    matches = list(_NAMED_VALUE.finditer(text))
    for match, following in zip_longest(matches, matches[1:]):
        name, (start, end) = match[1], match.span(2)
        if text[start] in OPENING:
            # Up to the next name, so that every byte is read once; what has a name of its own goes by that.
            until = following.start() if following else len(text)
            yield from ((name, *scalar) for scalar in contents(text, start, until).scalars)
        else:
            yield name, start, end


def _before(text: bytes, position: int) -> int:
    """Return the place of the last byte before `position` that is no blank; -1 where there is none near."""
    place = position - 1
    while place >= 0 and text[place] in _BLANKS:
        if position - place > _MOST_BLANKS:
            return -1
        place -= 1
    return place


def _is_escaped(text: bytes, position: int) -> bool:
    before = position
    while before and text[before - 1] == ord("\\"):
        before -= 1
    return (position - before) % 2 == 1
