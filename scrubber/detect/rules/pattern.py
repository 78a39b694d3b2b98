"""One exact pattern, and everything that is derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import re2

from scrubber.detect.rules.syntax import Alt, Group, Node, PatternError, Repeat, Seq, parse, render, width
from scrubber.detect.rules.weaken import cut_tail, weaken
from scrubber.detect.rules.words import has_word

MAX_TAIL = 128
"""Most bytes behind the value. The search goes on at the value's end, so the tail is what may be read twice."""

MAX_RETRIED_VALUE = 512
"""A value refused by its check is searched again from its second byte on, unless it may be longer than this."""

QUADS = (
    rb"(?:^|[^\x2d-\x2e0-9A-Z_a-z\x7e])"
    rb"((?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\x2e(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3})"
    rb"(?:[^\x2d-\x2e0-9A-Z_a-z\x7e]|$|"
)
"""How an exact form begins whose value is four octets: boundary, octets, boundary or whatever else."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's pattern: `exact` decides, `engine` finds the records worth deciding on.

    `reach` is the most bytes between the start of an exact match and the first end that the engine reports for it
    (None: unbounded), `least` the fewest, `retry` whether a refused value may hide another one inside, `has_word`
    whether every hit of `engine` holds a word.
    """

    exact: bytes
    engine: bytes
    reach: int | None
    least: int
    retry: bool
    has_word: bool

    @property
    def is_quads(self) -> bool:
        """Whether its values are found by their points, without an engine (`quads.py`)."""
        return self.exact.startswith(QUADS)


def compile_pattern(source: str) -> Pattern:
    """Derive a `Pattern` from `source`, or raise `PatternError` with the reason why it is refused.

    The value is the first capture group that takes part in a match, or else the whole match.
    """
    tree = parse(source)
    if width(tree)[0] == 0:
        raise PatternError("matches the empty string")
    if _needless_nesting(tree):
        raise PatternError("one ( ) group holds another: use (?: ) for the inner one")
    tail = _tail_width(tree)
    if tail is None or tail > MAX_TAIL:
        raise PatternError(f"may read more than {MAX_TAIL} bytes behind the value: bound what follows the ( ) group")
    most = _value_width(tree)
    weakened = weaken(tree)
    pattern = Pattern(
        exact=render(tree, capture=True).encode("ascii"),
        engine=render(weakened, capture=False).encode("ascii"),
        reach=width(cut_tail(tree))[1],
        least=width(weakened)[0],
        retry=most is not None and most <= MAX_RETRIED_VALUE,
        has_word=has_word(weakened),
    )
    compile_exact(pattern.exact)
    return pattern


@lru_cache(maxsize=1024)  # when a rule is read, and when it is put to use
def compile_exact(exact: bytes) -> re2._Regexp:
    """The RE2 program of an exact pattern, which is kept."""
    return compile_once(exact)


def compile_once(exact: bytes) -> re2._Regexp:
    """An RE2 program that goes when its user does: bytes in, no flags. Raises PatternError."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    try:
        return re2.compile(exact, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "refused"
        raise PatternError(f"RE2: {reason.decode() if isinstance(reason, bytes) else reason}") from None


def _groups(node: Node) -> bool:
    match node:
        case Group():
            return True
        case Seq(items):
            return any(map(_groups, items))
        case Alt(branches):
            return any(map(_groups, branches))
        case Repeat(item):
            return _groups(item)
        case _:
            return False


def _needless_nesting(node: Node) -> bool:
    match node:
        case Group(item):
            return _groups(item)
        case Seq(items):
            return any(map(_needless_nesting, items))
        case Alt(branches):
            return any(map(_needless_nesting, branches))
        case Repeat(item):
            return _needless_nesting(item)
        case _:
            return False


def _tail_width(node: Node) -> int | None:
    """Most bytes that a match may go on behind its value; 0 where the whole match is the value."""
    match node:
        case Seq(items):
            for index in range(len(items) - 1, -1, -1):
                if _groups(items[index]):
                    parts = [_tail_width(items[index]), width(Seq(items[index + 1 :]))[1]]
                    return None if None in parts else sum(part or 0 for part in parts)
            return 0
        case Alt(branches):
            tails = [_tail_width(branch) for branch in branches]
            return None if None in tails else max(tail or 0 for tail in tails)
        case Repeat(item):
            return width(node)[1] if _groups(item) else 0
        case _:
            return 0


def _value_width(node: Node) -> int | None:
    """Most bytes that a value may have; an upper bound."""
    match node:
        case Seq(items) if _groups(node):
            inner = [_value_width(item) for item in items if _groups(item)]
            return None if None in inner else max(part or 0 for part in inner)
        case Alt(branches) if _groups(node):
            inner = [_value_width(branch) for branch in branches]
            return None if None in inner else max(part or 0 for part in inner)
        case _:
            return width(node)[1]
