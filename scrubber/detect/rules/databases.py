"""The databases of Vectorscan: which patterns go into which, and how they are made. Numpy is not needed yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import hyperscan

from scrubber.core.named import MARKS
from scrubber.detect.rules import engine
from scrubber.detect.rules.derived import derived
from scrubber.detect.rules.kept import compiled
from scrubber.detect.rules.rule import Rule
from scrubber.detect.rules.syntax import Alt, Node, PatternError, Seq, flat, parse, render

CANARY = -1
"""What stands for the canary among rules."""

LARGE_EXPRESSION = 3_000
"""Bytes of a pattern beyond which Vectorscan may not look for its words but run one automaton over every byte: the
pack's largest list of keys took 2.7 of 10 ns a byte, and 0.2 as two expressions.
"""

WORDS_TOGETHER = 48
"""Branches of a list of words that stay in one expression of a large pattern: a list of 90 keys took 1.4 us of 3.6 a
record of 300 bytes, and nothing that shows in two pieces. More pieces take longer to compile.
"""


class Forms(NamedTuple):
    """The engine's form of each rule, behind them those of the marks of values with a name elsewhere (`core.named`);
    and which of them have no word, and hit rarely.
    """

    patterns: list[bytes]
    shapes: list[int]


class Database(NamedTuple):
    """A compiled database, the rule for each number that it reports (the canary is the last), and whether it comes from
    a file.
    """

    database: hyperscan.Database
    rules: list[int]
    is_kept: bool


class Databases(NamedTuple):
    """Two databases: one for rules that have a word, one for those that have none (None: there are none)."""

    words: Database
    shapes: Database | None


def sought(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that an engine looks for."""
    return [rule for rule in rules if not rule.pattern.is_quads]


def forms(rules: Sequence[Rule]) -> Forms:
    """Return what an engine is built of that looks for `rules`."""
    return Forms(
        [*(rule.pattern.engine for rule in rules), *(derived(mark).engine for mark in MARKS)],
        [index for index, rule in enumerate(rules) if not (rule.pattern.has_word or rule.frequent)],
    )


def databases(
    patterns: Sequence[bytes],
    shapes: Collection[int],
    *,
    words: Future[Database] | None = None,
    anew: bool = False,
) -> Databases:
    """Compile `patterns`, or take them from the file of an earlier start, unless `anew`; `words` is the larger of the
    two, where it was begun before (`of_words`). Raises PatternError.
    """
    with ThreadPoolExecutor(1) as aside:  # a database is compiled without the interpreter lock
        if words is None:
            words = aside.submit(of_words, patterns, shapes, anew=anew)
        shaped = _database({rule: patterns[rule] for rule in shapes}, anew=anew) if shapes else None
        return Databases(words.result(), shaped)


def of_words(patterns: Sequence[bytes], shapes: Collection[int], *, anew: bool = False) -> Database:
    """The database of the rules that have a word. Raises PatternError."""
    return _database({rule: pattern for rule, pattern in enumerate(patterns) if rule not in shapes}, anew=anew)


def _database(patterns: Mapping[int, bytes], *, anew: bool) -> Database:
    expressions = [(part, rule) for rule, pattern in patterns.items() for part in _parts(pattern)]
    rules = [*patterns, CANARY]
    numbers = {rule: number for number, rule in enumerate(rules)}
    texts = [*(part for part, _ in expressions), engine.canary_pattern()]
    try:
        database, is_kept = compiled(texts, [*(numbers[rule] for _, rule in expressions), numbers[CANARY]], anew=anew)
    except hyperscan.error as error:
        raise PatternError(f"Vectorscan: {error}") from None
    return Database(database, rules, is_kept)


def _parts(pattern: bytes) -> list[bytes]:
    """Return expressions that together match what `pattern` does: a large one is taken apart where it begins, and where
    a list of words stands.
    """
    if len(pattern) <= LARGE_EXPRESSION:
        return [pattern]
    tree = parse(pattern.decode("ascii"))
    return [render(part, capture=False).encode("ascii") for branch in _branches(tree) for part in _by_words(branch)]


def _branches(tree: Node) -> list[Node]:
    first, rest = (tree.items[0], tree.items[1:]) if isinstance(tree, Seq) else (tree, ())
    return [Seq((branch, *rest)) for branch in first.branches] if isinstance(first, Alt) else [tree]


def _by_words(tree: Node) -> list[Node]:
    items = flat(tree)
    for index, item in enumerate(items):
        if isinstance(item, Alt) and len(item.branches) > WORDS_TOGETHER:
            words = item.branches
            parts = [Alt(words[start : start + WORDS_TOGETHER]) for start in range(0, len(words), WORDS_TOGETHER)]
            return [Seq((*items[:index], part, *items[index + 1 :])) for part in parts]
    return [tree]
