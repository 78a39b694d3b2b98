"""From the engine's pattern of a rule without a word to one that only tells which buffers may hold a hit.

It begins with the first sign, if what is left is rare: an automaton made of many such patterns stays in few states, and
its tables in the nearest cache, where text goes on for long without a sign. In a log most of it does.
"""

from __future__ import annotations

from math import prod

from scrubber.detect.rules.syntax import ALL, DIGIT, SPACE, WORD, Alt, At, Byte, Group, Node, Repeat, Seq, flat

_LOWER, _UPPER = frozenset(b"abcdefghijklmnopqrstuvwxyz"), frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SIGNS = ALL - WORD - SPACE

_SHARES = ((DIGIT, 0.4), (_LOWER, 0.6), (_UPPER, 0.1), (SPACE, 0.1), (_SIGNS & frozenset(range(0x80)), 0.4))
"""Which share of the bytes of a log some are, roughly, behind one of their kind."""

_MOST = 0.8
RARE = 1e-4
"""At so few places of a log what is left may match: a sign and four digits (`-2024`) are at too many."""


def outline(node: Node) -> Node:
    """Return what matches at the end of each match of `node`."""
    if isinstance(node, Alt):
        return Alt(tuple(map(outline, node.branches)))
    items = flat(node)
    for index, item in enumerate(items):
        if _begins_with_sign(item) and _share(Seq(tuple(items[index:]))) <= RARE:
            return Seq(tuple(items[index:]))
    return Seq((*map(_last_byte, items[:1]), *items[1:]))


def _begins_with_sign(node: Node) -> bool:
    match node:
        case Byte(values):
            return values <= _SIGNS
        case Repeat(Byte(values), least):
            return least > 0 and values <= _SIGNS
        case _:
            return False


def _last_byte(boundary: Node) -> Node:
    """Return with which byte `boundary` ends, if it may be a word as well; itself, if it is no boundary."""
    match boundary:
        case Alt(branches) if any(isinstance(branch, At) for branch in branches):
            return Alt(tuple(branch if isinstance(branch, At) else flat(branch)[-1] for branch in branches))
        case _:
            return boundary


def _share(node: Node) -> float:
    """At which share of the places of a log `node` matches, roughly."""
    match node:
        case Byte(values):
            return min(_MOST, sum(share * len(values & some) / len(some) for some, share in _SHARES))
        case At():
            return 1.0
        case Group(item):
            return _share(item)
        case Seq(items):
            return prod(map(_share, items))
        case Alt(branches):
            return min(1.0, sum(map(_share, branches)))
        case Repeat(item, least):
            return _share(item) ** least
