"""Where in a JSON document a few spans lie, without reading the document from its start.

Most records with a finding are small, flat and without escapes. There a quote is a quote: the string around a span, its
key and the keys of the objects around it can be looked for backwards, a few searches of C for each level. Everything
else (escapes, arrays, siblings with brackets, numbers, many spans) is None here, and `json_lines.py` walks through it.
"""

from __future__ import annotations

from collections.abc import Sequence

from scrubber.core.formats.base import Kind, Token

MOST_SPANS = 4
"""Each one is looked for on its own: more would cost more than walking through the document once."""

MOST_LEVELS = 4
_SPACE = b" \t\r\n"


def places(text: bytes, wanted: Sequence[tuple[int, int]]) -> list[Token] | None:
    """Return the strings and keys of `text`, which is valid JSON, that hold the `wanted` spans; None for "look closer".

    None, too, where a span is not within one string.
    """
    if len(wanted) > MOST_SPANS or b"\\" in text:
        return None
    tokens: list[Token] = []
    done = 0
    for start, end in wanted:
        if end < done:
            continue
        opening, closing = text.rfind(b'"', done, start), text.find(b'"', start)
        if opening < 0 or closing < end or text.count(b'"', done, opening) % 2:
            return None
        key = _flat_key(text, opening)
        path, kind = (key, Kind.STRING) if key else _member(text, opening, closing)
        if kind is None:
            return None
        tokens.append(tuple.__new__(Token, (opening + 1, closing, path, kind)))  # a third of the time
        done = closing + 1
    return tokens


def _flat_key(text: bytes, opening: int) -> str:
    """Return the key of the string that opens there, if nothing but members with scalars stands before it."""
    if text[opening - 2 : opening] != b'":':
        return ""
    key = text.rfind(b'"', 0, opening - 2)
    if text.rfind(b"{", 0, key) or text.find(b"[", 0, key) >= 0 or text.find(b"}", 0, key) >= 0:
        return ""
    return text[key + 1 : opening - 2].decode()


def _member(text: bytes, opening: int, closing: int) -> tuple[str, Kind | None]:
    """Return the path of the member to which the string between two quotes belongs, and whether it is its key; no kind
    where that is not to be seen.
    """
    head, kind = text[:opening].rstrip(_SPACE), Kind.STRING
    if head.endswith(b":"):
        key, head = _key(head)
    elif text[closing + 1 : closing + 9].lstrip(_SPACE).startswith(b":"):
        key, kind = text[opening + 1 : closing], Kind.KEY
    else:
        return "", None
    if b"[" in head or b"}" in head:
        return "", None
    path = key
    for _ in range(MOST_LEVELS):
        brace = head.rfind(b"{")
        head = head[:brace].rstrip(_SPACE)
        if not head:
            return path.decode(), kind
        if not head.endswith(b":") or head.count(b'"') % 2:
            return "", None
        key, head = _key(head)
        path = key + b"." + path
    return "", None


def _key(head: bytes) -> tuple[bytes, bytes]:
    """Return the key that ends `head`, with its colon, and what is before it."""
    closing = head.rfind(b'"')
    opening = head.rfind(b'"', 0, closing)
    return head[opening + 1 : closing], head[:opening].rstrip(_SPACE)
