"""Is there a word in every match of a pattern? An engine looks for words; without one it must try every byte."""

from __future__ import annotations

from scrubber.detect.rules.syntax import DIGIT, Alt, At, Byte, Group, Node, Repeat, Seq, flat

ONE_LETTER = 2
"""Values of a byte that is one letter, in either case."""

WORD_BYTES = 2
WIDE = 128
"""A repeat of so many values of a byte never ends in most lines: an automaton for it would run over all of them."""

_RARE = (Byte(frozenset(b"@")), Byte(frozenset(b"|")))  # in a log as rare as a word


def has_word(node: Node) -> bool:
    """Whether every match of `node` holds two bytes in a row that are one letter each, in either case, or an `@`
    or a `|`, unless nearly anything may stand before it, again and again. A number is no word: the years in `(?:19|20)`
    are in nearly every line.
    """
    return _longest(node) >= WORD_BYTES


def _longest(node: Node) -> int:
    match node:
        case Byte(values):
            return WORD_BYTES if node in _RARE else int(len(values) <= ONE_LETTER)
        case Alt(branches):
            return min(map(_longest, branches))
        case Group(item):
            return _longest(item)
        case Repeat(item, least):
            return _longest(item) if least else 0
        case Seq():
            return _longest_in_a_row(flat(node))
        case _:
            return 0


def _longest_in_a_row(items: list[Node]) -> int:
    best = row = 0
    is_number = True
    before: Node | None = None
    for item in items:
        if isinstance(item, At):
            continue
        if isinstance(item, Byte) and len(item.values) <= ONE_LETTER:
            row, is_number = row + 1, is_number and item.values <= DIGIT
        else:
            row, is_number = 0, True
        best = max(best, min(row, 1) if is_number else row, 1 if item in _RARE and _is_vast(before) else _longest(item))
        before = item
    return best


def _is_vast(node: Node | None) -> bool:
    return isinstance(node, Repeat) and isinstance(node.item, Byte) and len(node.item.values) >= WIDE
