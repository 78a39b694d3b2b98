r"""Evidence: how far a value goes that is proven by its key.

A rule that knows a value by its shape knows where it ends. One that knows it by the key before it (`"password":`) only
guesses, and in a view a quote that was escaped looks like the end: `"ab\"cd"`. If the value opens with a quote, the
whole quoted token is the value.
"""

from __future__ import annotations

import re

_BLANKS = b" \t"
_MOST_BLANKS = 8
_INTRODUCE = b":=([{,> \t\n"  # what may stand before a quote that opens a value
_INSIDE = {
    ord('"'): re.compile(rb'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+', re.DOTALL),
    ord("'"): re.compile(rb"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+", re.DOTALL),
}


def whole_value(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the quoted token that opens right before `[start, end)`, or the span itself where there is none."""
    quote = start - 1
    while quote >= 0 and text[quote] in _BLANKS and start - quote <= _MOST_BLANKS:
        quote -= 1
    if quote < 0 or text[quote] not in _INSIDE or _is_escaped(text, quote):
        return start, end
    if quote and text[quote - 1] not in _INTRODUCE:
        return start, end
    match = _INSIDE[text[quote]].match(text, quote + 1)
    return quote + 1, max(end, match.end() if match else end)


def _is_escaped(text: bytes, position: int) -> bool:
    before = position
    while before and text[before - 1] == ord("\\"):
        before -= 1
    return (position - before) % 2 == 1
