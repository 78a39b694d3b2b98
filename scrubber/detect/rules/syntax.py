r"""The syntax of rule patterns: one small tree over bytes, read by Python's own parser and printed for every engine.

A pattern is parsed once, into sets of byte values, sequences, alternatives, repeats and assertions; letter case,
`\s`, `.` and the negated classes are resolved here. What is printed from the tree therefore means the same in RE2 and
in Vectorscan, which disagree about `\s`, about letter case above ASCII and about flags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as python  # type: ignore[attr-defined]
from typing import Any, Literal

ALL = frozenset(range(256))
DIGIT = frozenset(b"0123456789")
SPACE = frozenset(b"\t\n\x0b\x0c\r ")
WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_IGNORECASE, _MULTILINE, _DOTALL = map(int, (re.IGNORECASE, re.MULTILINE, re.DOTALL))  # an enum takes its time over &
MAX_REPEAT = 1000
"""RE2 unrolls counted repeats and refuses more than this."""


class PatternError(ValueError):
    """A pattern that the engines cannot bound, or that would mean different things in them; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Byte:
    """One byte out of a set."""

    values: frozenset[int]


@dataclass(frozen=True, slots=True)
class At:
    """An assertion: start or end of the text, of a line, or (not) a word boundary. Printed as it is written."""

    source: Literal["^", "$", "(?m:^)", "(?m:$)", r"\b", r"\B"]


@dataclass(frozen=True, slots=True)
class Seq:
    """One after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """One of several, the first that fits."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`least` to `most` times; `most is None` is unbounded."""

    item: Node
    least: int
    most: int | None
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A capture group: where it took part, it is the value."""

    item: Node


Node = Byte | At | Seq | Alt | Repeat | Group


def parse(pattern: str) -> Node:
    """Read `pattern` (Python syntax, characters stand for their UTF-8 bytes) or raise `PatternError` with the
    reason.
    """
    if re.search(r"\[\[[:.=]|\[:\^?[a-z]+:\]", pattern):
        raise PatternError(
            "POSIX classes such as [[:alpha:]] mean different things in the engines: spell the class out"
        )
    try:
        tree = python.parse(_utf8(pattern), 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"not a pattern: {error}") from None
    flags = tree.state.flags
    if flags & (re.LOCALE | re.UNICODE):
        raise PatternError("the flags L and u have no meaning on bytes")
    return _sequence(tree, flags)


def _utf8(pattern: str) -> bytes:
    """Spell characters beyond ASCII as their bytes. One of them is several bytes, so it cannot be a member of a
    class.
    """
    out, in_class, escaped = [], False, False
    for char in pattern:
        if not char.isascii():
            if in_class:
                raise PatternError("a class holds bytes, not characters beyond ASCII: write (?:é|e), not [ée]")
            out.append("(?:" + "".join(f"\\x{byte:02x}" for byte in char.encode()) + ")")
            escaped = False
            continue
        out.append(char)
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            in_class = True
        elif char == "]":
            in_class = False
    return "".join(out).encode("ascii")


_REFUSED = {
    op.ASSERT: "look-ahead and look-behind are not linear: consume the boundary outside a ( ) group instead",
    op.ASSERT_NOT: "look-ahead and look-behind are not linear: consume the boundary outside a ( ) group instead",
    op.GROUPREF: "back-references are not linear",
    op.GROUPREF_EXISTS: "conditional groups are not linear",
    op.ATOMIC_GROUP: "atomic groups exist in neither engine",
    op.POSSESSIVE_REPEAT: "possessive repeats exist in neither engine",
}
_CATEGORY = {
    op.CATEGORY_DIGIT: DIGIT,
    op.CATEGORY_NOT_DIGIT: ALL - DIGIT,
    op.CATEGORY_SPACE: SPACE,
    op.CATEGORY_NOT_SPACE: ALL - SPACE,
    op.CATEGORY_WORD: WORD,
    op.CATEGORY_NOT_WORD: ALL - WORD,
}


def _sequence(tree: Any, flags: int) -> Node:
    items = tuple([_node(code, argument, flags) for code, argument in tree.data])
    return items[0] if len(items) == 1 else Seq(items)


def _node(code: Any, argument: Any, flags: int) -> Node:
    if code is op.LITERAL:
        return _literal(argument, flags & _IGNORECASE)
    if code in _REFUSED:
        raise PatternError(_REFUSED[code])
    if code in (op.NOT_LITERAL, op.IN, op.RANGE, op.CATEGORY, op.ANY):
        return Byte(_byte_values(code, argument, flags))
    if code is op.AT:
        return _assertion(argument, flags)
    if code is op.BRANCH:
        return Alt(tuple(_sequence(branch, flags) for branch in argument[1]))
    if code is op.SUBPATTERN:
        number, added, removed, body = argument
        item = _sequence(body, (flags | added) & ~removed)
        return item if number is None else Group(item)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, body = argument
        most = None if most is op.MAXREPEAT else int(most)
        if max(least, most or 0) > MAX_REPEAT:
            raise PatternError(f"a repeat of more than {MAX_REPEAT} is refused by RE2: leave the upper end open")
        return Repeat(_sequence(body, flags), int(least), most, code is op.MIN_REPEAT)
    raise PatternError(f"{str(code).lower()} is not supported")


def _assertion(kind: Any, flags: int) -> At:
    if kind is op.AT_END_STRING:
        raise PatternError(r"\Z does not exist in RE2: write $")
    if kind is op.AT_BEGINNING_STRING:
        return At("^")
    if kind is op.AT_BEGINNING:
        return At("(?m:^)" if flags & _MULTILINE else "^")
    if kind is op.AT_END:
        return At("(?m:$)" if flags & _MULTILINE else "$")
    return At(r"\b" if kind is op.AT_BOUNDARY else r"\B")


@cache  # most of a pattern is letters
def _literal(value: int, flags: int) -> Byte:
    return Byte(_fold((value,), flags))


def _byte_values(code: Any, argument: Any, flags: int) -> frozenset[int]:
    if code is op.ANY:
        return ALL if flags & _DOTALL else ALL - {10}
    if code is op.CATEGORY:
        return _CATEGORY[argument]
    if code is op.RANGE:
        return _fold(range(argument[0], argument[1] + 1), flags)
    if code is op.LITERAL:
        return _fold((argument,), flags)
    if code is op.NOT_LITERAL:
        return ALL - _fold((argument,), flags)
    negated = argument[0][0] is op.NEGATE
    values = frozenset[int]().union(*(_byte_values(c, a, flags) for c, a in argument[1 if negated else 0 :]))
    return ALL - values if negated else values


def _fold(values: Sequence[int], flags: int) -> frozenset[int]:
    """ASCII letters in both cases under (?i). Nothing else: the engines fold bytes above 127 differently."""
    return _in_both_cases(bytes(values)) if flags & _IGNORECASE else frozenset(values)


@cache
def _in_both_cases(text: bytes) -> frozenset[int]:
    return frozenset(text.lower() + text.upper())


def render(node: Node, *, capture: bool) -> str:
    """Print `node` in the syntax that RE2 and Vectorscan share; only `capture` keeps the groups."""
    match node:
        case Byte(values):
            return _render_byte(values)
        case At(source):
            return source
        case Seq(items):
            return "".join(
                _atom(i, capture=capture) if isinstance(i, Alt) else render(i, capture=capture) for i in items
            )
        case Alt(branches):
            return "|".join(render(branch, capture=capture) for branch in branches)
        case Group(item):
            return f"({render(item, capture=True)})" if capture else _atom(item, capture=False)
        case Repeat(item, least, most, lazy):
            body = _atom(item, capture=capture)
            return body + _quantifier(least, most) + ("?" if lazy and least != most else "")


def _atom(node: Node, *, capture: bool) -> str:
    """`node` as something that a quantifier can stand behind."""
    text = render(node, capture=capture)
    return text if isinstance(node, Byte) or (isinstance(node, Group) and capture) else f"(?:{text})"


def _quantifier(least: int, most: int | None) -> str:
    short = {(0, 1): "?", (0, None): "*", (1, None): "+", (1, 1): ""}.get((least, most))
    if short is not None:
        return short
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


@cache
def _render_byte(values: frozenset[int]) -> str:
    if len(values) == 1:
        return _escape(next(iter(values)))
    if len(values) == 256:
        return r"[\x00-\xff]"
    negated = len(values) > 128
    shown = sorted(ALL - values if negated else values)
    return f"[{'^' if negated else ''}{''.join(_ranges(shown))}]"


def _ranges(values: Sequence[int]) -> Iterable[str]:
    first = last = values[0]
    for value in [*values[1:], 999]:
        if value == last + 1:
            last = value
            continue
        yield _escape(first) if first == last else f"{_escape(first)}-{_escape(last)}"
        first = last = value


def _escape(value: int) -> str:
    return chr(value) if value in WORD else f"\\x{value:02x}"


def flat(node: Node) -> list[Node]:
    """Return the items of a sequence, those of its groups and sequences in their place."""
    match node:
        case Seq(items):
            return [part for item in items for part in flat(item)]
        case Group(item):
            return flat(item)
        case _:
            return [node]


def width(node: Node) -> tuple[int, int | None]:
    """Least and most number of bytes that `node` matches; None is unbounded."""
    match node:
        case Byte():
            return 1, 1
        case At():
            return 0, 0
        case Group(item):
            return width(item)
        case Seq(items):
            parts = [width(item) for item in items]
            return sum(least for least, _ in parts), _total([most for _, most in parts])
        case Alt(branches):
            parts = [width(branch) for branch in branches]
            most = [m for _, m in parts if m is not None]
            return min(least for least, _ in parts), max(most) if len(most) == len(parts) else None
        case Repeat(item, least, most, _):
            low, high = width(item)
            unbounded = high is None or (most is None and high > 0)
            return low * least, None if unbounded else (high or 0) * (most or 0)


def _total(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
