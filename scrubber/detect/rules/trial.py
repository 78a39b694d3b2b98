"""Does the engine find what it must? Tried with every rule, on this machine, before the first record.

The engine's form of a rule is a tree, so texts that it must hit can be drawn from it: each alternative, behind
nothing and behind enough to wake the engine's vector code. No proof, but a net: vector code that is wrong (Vectorscan
5.4.12 loses matches behind sixteen bytes and more, for some patterns) is wrong for all texts of a kind.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache

from scrubber.detect.rules.batch import Batch
from scrubber.detect.rules.derived import shipped_texts
from scrubber.detect.rules.engine import Engine
from scrubber.detect.rules.pattern import compile_once
from scrubber.detect.rules.syntax import WORD, Alt, At, Byte, Group, Node, Repeat, Seq, parse

_LEAST_ROUNDS, _MOST_ROUNDS = 8, 64
_VISIBLE = frozenset(range(33, 127))
_FILLERS = (b"x", b"n ", b". ", b"0123456789abcdef ", b"the quick brown fox, ")
_BEFORE = ((0, 1, 15), (16, 17, 31, 33), (63, 64, 65, 100))
_AFTER = (0, 0, 1, 7, 40, 70)


class Trial:
    """Texts that an engine built from `patterns` must hit."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        texts = [(owner, text) for owner, pattern in enumerate(patterns) for text in _texts(pattern)]
        self._owners = [owner for owner, _ in texts]
        self._batch = Batch([text for _, text in texts])

    def missed(self, engine: Engine) -> set[int]:
        """Which of the patterns `engine` fails to find somewhere; empty when it may be used."""
        found = {(buffer, rule) for buffer, rule, _, _ in engine.candidates(self._batch)}
        return {owner for buffer, owner in enumerate(self._owners) if (buffer, owner) not in found}


def drawn(pattern: bytes) -> list[bytes]:
    """Draw texts that `pattern` must hit, the same each time."""
    return list(_draws(pattern, random.Random(pattern)))  # noqa: S311 - made-up texts


def _texts(pattern: bytes) -> list[bytes]:
    shipped = shipped_texts(pattern)
    return drawn(pattern) if shipped is None else shipped


def _draws(pattern: bytes, source: random.Random) -> Iterator[bytes]:
    """Texts that `pattern` must hit. A draw that breaks an assertion of the pattern is none, which RE2 can tell."""
    tree, judge = parse(pattern.decode("ascii")), compile_once(b"(?m:" + pattern + b")")
    for turn in range(max(_LEAST_ROUNDS, min(_MOST_ROUNDS, _alternatives(tree)))):
        text = _draw(tree, turn, source)
        for sizes in _BEFORE:
            before = (source.choice(_FILLERS) * 100)[: source.choice(sizes)]
            after = (source.choice(_FILLERS) * 70)[: source.choice(_AFTER)]
            if judge.search(before + text + after):
                yield before + text + after


def _alternatives(node: Node) -> int:
    match node:
        case Alt(branches):
            return sum(map(_alternatives, branches))
        case Seq(items):
            return max(map(_alternatives, items), default=1)
        case Group(item) | Repeat(item):
            return _alternatives(item)
        case _:
            return 1


def _draw(node: Node, turn: int, source: random.Random) -> bytes:
    """A text in the language of `node`; successive turns take successive alternatives."""
    match node:
        case Byte(values):
            likely = _likely(values)
            return likely[int(source.random() * len(likely))]
        case At():
            return b""
        case Group(item):
            return _draw(item, turn, source)
        case Seq(items):
            return b"".join(_draw(item, turn, source) for item in items)
        case Alt(branches):
            return _draw(branches[turn % len(branches)], turn // len(branches), source)
        case Repeat(item, least, most, _):
            count = least if source.random() < 0.5 else least + source.randint(0, 4)
            return b"".join(_draw(item, turn, source) for _ in range(count if most is None else min(count, most)))


@cache
def _likely(values: frozenset[int]) -> list[bytes]:
    """What is drawn of a set of bytes: letters and digits, if there are any."""
    return [bytes([value]) for value in sorted(values & WORD or values & _VISIBLE or values)]
