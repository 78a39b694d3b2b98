"""What lies in an object or a list whose key says what everything in it is: `"password": {"old": "a", "new": "b"}`."""

from __future__ import annotations

import re
from typing import NamedTuple

OPENING = b"{["

# A quote ends a string where a string may end: in a view, quotes inside of strings have lost their backslash. Before
# 3.11.5, Python does not give back what the last turn of `(...)*+` has read in vain; `(...)*` does.
_CLOSES = rb"(?!\s{0,64}+(?:[,:}\]]|=>|\Z))"
_DOUBLE = rb'"[^"]*+(?:"' + _CLOSES + rb'[^"]*+)*"?'
_SINGLE = rb"'[^']*+(?:'" + _CLOSES + rb"[^']*+)*'?"
_PIECE = re.compile(
    rb"(?P<open>[{\[])|(?P<close>[}\]])|(?P<scalar>"
    + _DOUBLE
    + rb"|"
    + _SINGLE
    + rb"|[^\s\"'{}\[\],:]++)(?P<key>\s*+(?::|=>))?"
)
# A JSON schema says of what kind a value is, and how long: `"password": {"type": "string", "minLength": 8}`.
_SCHEMA = re.compile(
    rb"""["'](?:type["']\s{0,8}+:\s{0,8}+["'](?:string|number|integer|boolean|object|array|null)["']"""
    rb"""|format["']\s{0,8}+:\s{0,8}+["'](?:password|email|date|date-time|time|uuid|uri|byte|binary|hostname|ipv[46])["']"""
    rb"""|(?:min|max)(?:imum|Length|Items|Properties)["']\s{0,8}+:\s{0,8}+\d{1,5}+(?=\s*+[,}]))"""
)

_OF_LIST = 2  # how deep the objects lie that are its entries


class Contents(NamedTuple):
    """The scalars in a container, quotes and all, the objects of a list (byte offsets, half-open), and where the
    container ends.
    """

    scalars: list[tuple[int, int]]
    objects: list[tuple[int, int]]
    end: int


def contents(text: bytes, start: int, until: int | None = None) -> Contents:
    """Return what lies, at any depth, in the container that opens at `start`; keys are no values, nor is what a JSON
    schema says of one.

    A container that does not close before `until` ends there. Linear in its length.
    """
    scalars: list[tuple[int, int]] = []
    objects: list[tuple[int, int]] = []
    opened = start
    depth, last = 0, len(text) if until is None else until
    schema = start
    for piece in _PIECE.finditer(text, start, last):
        if piece["open"]:
            depth += 1
            opened = piece.start() if depth == _OF_LIST else opened
        elif piece["close"]:
            depth -= 1
            if depth <= 0:
                return Contents(scalars, objects, piece.end())
            if depth < _OF_LIST and text[opened] == ord("{") and text[start] == ord("["):
                objects.append((opened, piece.end()))
        elif piece["key"] is not None:
            keyword = _SCHEMA.match(text, piece.start(), last)
            schema = keyword.end() if keyword else schema
        elif piece.start() >= schema:
            scalars.append(piece.span("scalar"))
    return Contents(scalars, objects, last)
