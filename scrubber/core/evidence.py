r"""Evidence: how far a value goes that is proven by its key.

A rule that knows a value by its shape knows where it ends. One that knows it by the key before it (`"password":`) only
guesses, and in a view a quote that was escaped looks like the end: `"ab\"cd"`. If the value opens with a quote, the
whole quoted token is the value; if it opens a list, all of the list is.
"""

from __future__ import annotations

import re

_BLANKS = b" \t\r\n"
_MOST_BLANKS = 8
_INTRODUCE = b":=([{,> \t\r\n"  # what may stand before a quote that opens a value
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SCALAR = rb"(?:" + _STRING + rb"|'[^'\\\n]*+'|[^\s\"'\[\]{},]++)"
_INSIDE = {
    ord('"'): re.compile(rb'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+', re.DOTALL),
    ord("'"): re.compile(rb"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+", re.DOTALL),
}
_REST_OF_LIST = re.compile(rb"(?:\s*+,\s*+" + _SCALAR + rb")++", re.DOTALL)


def whole_value(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the whole value, a quoted token or a list, that opens right before `[start, end)`."""
    opening = _before(text, start)
    if opening >= 0 and text[opening] in _INSIDE and not _is_escaped(text, opening):
        quote, opening = opening, _before(text, opening)
        if opening < 0 or text[opening] in _INTRODUCE or text[quote - 1] in _INTRODUCE:
            # A line end is no part of a token, unless it is one of the value.
            match = _INSIDE[text[quote]].match(text, max(quote, text.rfind(b"\n", quote, end)) + 1)
            start, end = quote + 1, max(end, match.end() if match else end)
    if opening >= 0 and text[opening] == ord("["):
        # A quote that did not open the value does not close it, but a string around the list.
        quoted = text[start - 1] in _INSIDE and text[end : end + 1] == text[start - 1 : start]
        rest = _REST_OF_LIST.match(text, end + quoted)
        if rest is not None:
            end = rest.end() - (text[rest.end() - 1] in _INSIDE)
    return start, end


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
