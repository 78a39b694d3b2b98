"""From the exact pattern to the engine's: a pattern that must hit wherever the exact one does, and is cheap to run.

The engine only says which rules *may* hit in which record, so its form may match more, never less. Sound steps only:
the repeat at either end is cut to its minimum (the boundary beyond it goes with it), so one hit is one reported end
instead of one for each further byte; counted repeats with a large upper end lose it, because engines unroll them; a
repeat of many things becomes one of the bytes that they are made of, and so does a long run of signs; one of some
numbers becomes so many digits; what stands before the words of a pattern, or before the end of a repeat, is left out
where it would keep an engine busy in every line; and so is the byte before a long key.

Why this loses nothing: a match of the exact pattern at [s, e) contains a match of the cut one that ends within (s, e].
"""

from __future__ import annotations

import itertools

from scrubber.detect.rules.syntax import DIGIT, WORD, Alt, At, Byte, Group, Node, Repeat, Seq, flat, render, width
from scrubber.detect.rules.words import ONE_LETTER, WIDE, has_word

LARGE = 4
"""Counted repeats of a byte beyond this are left open at the upper end, and all of more than a byte: each copy takes
its time to compile.
"""

MANY = 160
"""Bytes of a pattern that is not repeated as it is: what may stand between a key and its value, in each of 300
expressions, was half of the databases and a third of the time to compile them.
"""

RUN = 5
"""So many parts in a row that are made of signs (no letter, no digit) become one repeat of them: the ways in which a
container may follow its key, in each of 300 expressions, were a quarter of the databases and a sixth of the time to
compile them.
"""

_LETTERS_AND_DIGITS = WORD | set(range(0x80, 0x100))

TELLING, SHORT = 3, 12
"""Behind so many bytes that are one letter each, so many of a long repeat are enough."""

LONG_KEY = 5
"""Bytes of a key that is rare as a part of other words, too. Behind what it begins, and that it may be the end of
another name (`customerNumber`), was a fifth of the databases and of the time to compile them.
"""


def cut_tail(node: Node) -> Node:
    """`node` with the repeat at its end cut to the minimum: every match of `node` starts with a match of this."""
    cut, moved = _cut(node, -1)
    return cut if moved and cut is not None else node


def weaken(node: Node) -> Node:
    """The engine's form of `node`."""
    tail_cut = cut_tail(node)
    cut, moved = _cut(tail_cut, 0)
    return _blunt(_behead(_shorten(_bare(_loosen(cut if moved and cut is not None else tail_cut)))))


def _cut(node: Node, edge: int) -> tuple[Node | None, bool]:
    """Cut the repeat at one edge (0: first, -1: last). None where nothing is left; the flag says whether anything
    was cut.
    """
    match node:
        case Byte() | At():
            return node, False
        case Group(item):
            return _cut(item, edge)
        case Repeat(item, least, most, _):
            if least == most:
                return node, False
            return (Repeat(item, least, least) if least else None), True
        case Alt(branches):
            parts = [_cut(branch, edge) for branch in branches]
            kept = [part for part, _ in parts if part is not None]
            if not any(moved for _, moved in parts):
                return node, False
            return (Alt(tuple(kept)) if len(kept) == len(parts) else None), True
        case Seq():
            return _cut_sequence(flat(node), edge)


def _cut_sequence(items: list[Node], edge: int) -> tuple[Node | None, bool]:
    moved = False
    while items:
        if isinstance(items[edge], At) and len(items) > 1:
            # A boundary has no meaning once the repeat before it is cut; before anything else it keeps the form tight.
            inner, inner_moved = _cut_sequence(items[:-1] if edge else items[1:], edge)
            return (inner, True) if inner_moved else (Seq(tuple(items)), moved)
        if len(items) > 2 and _is_boundary(items[edge]) and _is_optional(items[-2 if edge else 1]):
            # The same for a boundary that is consumed: `(?:^|[^a-z])(?:...)?::` is `::`.
            items = items[:-2] if edge else items[2:]
            moved = True
            continue
        cut, cut_moved = _cut(items[edge], edge)
        moved = moved or cut_moved
        if cut is not None:
            items[edge] = cut
            return Seq(tuple(items)), moved
        items.pop(edge)
    return None, True


def _is_boundary(node: Node) -> bool:
    return isinstance(node, Alt) and all(isinstance(branch, Byte | At) for branch in node.branches)


def _is_optional(node: Node) -> bool:
    return isinstance(node, Repeat) and node.least == 0


def _loosen(node: Node) -> Node:
    match node:
        case Byte() | At():
            return node
        case Group(item):
            return _loosen(item)
        case Seq(items):
            return Seq(tuple(_joined(_merged([_loosen(item) for item in items]))))
        case Alt(branches):
            return _number(node) or Alt(tuple(map(_loosen, branches)))
        case Repeat(item, least, most, _):
            closed = LARGE if isinstance(item, Byte) else 1
            most = None if most is not None and most > max(closed, least) else most
            item = _loosen(item)
            if least == 0 and most is None and len(render(item, capture=False)) > MANY:
                values = _values(item)
                if values is not None:
                    return Repeat(Byte(values), 0, None)
            return Repeat(item, least, most)


def _number(node: Alt) -> Node | None:
    """Return how many digits `node` has, if it is one of some numbers: an octet is one to three."""
    least, most = width(node)
    is_number = most is not None and least < most <= LARGE and _values(node) == DIGIT
    return Repeat(Byte(DIGIT), least, most) if is_number else None


def _values(node: Node) -> frozenset[int] | None:
    """Return the bytes that matches of `node` are made of; None where one may also ask for what stands around it."""
    match node:
        case Byte(values):
            return values
        case At():
            return None
        case Repeat(item) | Group(item):
            return _values(item)
        case Seq(parts) | Alt(parts):
            inner = [_values(part) for part in parts]
            return None if None in inner else frozenset().union(*(values for values in inner if values is not None))


def _merged(items: list[Node]) -> list[Node]:
    """Leave out an open repeat of some bytes before one of the same bytes and more."""
    kept: list[Node] = []
    for item in items:
        before, here = _open_repeat_of(kept[-1]) if kept else None, _open_repeat_of(item)
        if before is not None and here is not None and before <= here:
            kept.pop()
        kept.append(item)
    return kept


def _joined(items: list[Node]) -> list[Node]:
    """Make one repeat of each long run of parts that are made of signs."""
    kept: list[Node] = []
    for is_signs, run in itertools.groupby(items, _is_signs):
        parts = list(run)
        values = _values(Seq(tuple(parts))) if is_signs and len(parts) >= RUN else None
        kept += parts if values is None else [Repeat(Byte(values), 0, None)]
    return kept


def _is_signs(node: Node) -> bool:
    """Whether `node` may be one sign or another, or several; one of a few that must stand there says more."""
    values = None if isinstance(node, Byte) else _values(node)
    return values is not None and values.isdisjoint(_LETTERS_AND_DIGITS)


def _open_repeat_of(node: Node) -> frozenset[int] | None:
    """Return which bytes `node` is any number of, none included; None where it is something else."""
    match node:
        case Repeat(Byte(values), 0, None):
            return values
        case _:
            return None


def _bare(node: Node) -> Node:
    """Leave out the byte or boundary behind which one of some long keys stands at the start of `node`."""
    match node:
        case Seq((first, *rest)):
            return Seq((_bare(first), *rest))
        case Alt(branches):
            kept: list[Node] = []
            long: list[Node] = []
            for branch in branches:
                match flat(branch):
                    case [first, Alt(keys)] if _is_vague(first):
                        short = tuple(key for key in keys if width(key)[0] < LONG_KEY)
                        kept += [Seq((first, Alt(short)))] if short else []
                        long += [key for key in keys if width(key)[0] >= LONG_KEY]
                    case _:
                        kept.append(_bare(branch))
            return Alt((*kept, Seq((_tree(_widest(long), TELLING),)))) if long else Alt(tuple(kept))
        case _:
            return node


def _is_vague(node: Node) -> bool:
    return (isinstance(node, Byte) or _is_boundary(node)) and not _telling(node)


def _widest(keys: list[Node]) -> list[list[Node]]:
    """Return the parts of each key, without keys of which another one matches all that they do."""
    rows = [flat(key) for key in dict.fromkeys(keys)]
    needed = [[part for part in row if not _is_optional(part)] for row in rows]
    return [row for row in rows if not any(_covers(parts, row) for parts in needed if parts != row)]


def _covers(general: list[Node], special: list[Node]) -> bool:
    return len(general) == len(special) and all(
        isinstance(wide, Byte) and isinstance(narrow, Byte) and narrow.values <= wide.values
        for wide, narrow in zip(general, special, strict=True)
    )


def _tree(rows: list[list[Node]], shared: int) -> Node:
    """One of `rows`; those that begin with the same `shared` letters as one: `birth(?:date|day)?`."""
    alike: dict[tuple[Node, ...], list[list[Node]]] = {}
    for row in rows:
        start = row[:shared]
        alike.setdefault(tuple(start if _telling(Seq(tuple(start))) == shared else row), []).append(row)
    branches = list(map(_folded, alike.values()))
    return branches[0] if len(branches) == 1 else Alt(tuple(branches))


def _folded(rows: list[list[Node]]) -> Node:
    """One of `rows`, which begin alike."""
    start = [parts[0] for parts in itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*rows, strict=False))]
    ends = [row[len(start) :] for row in rows if len(row) > len(start)]
    return Seq((*start, Repeat(_tree(ends, 1), int(len(ends) == len(rows)), 1)) if ends else tuple(start))


def _shorten(node: Node) -> Node:
    """End a sequence at the first long repeat behind a telling start: `ghp_` and 12 more bytes are as rare as with
    36.
    """
    items, telling = flat(node), 0
    for index, item in enumerate(items):
        if telling >= TELLING and isinstance(item, Repeat) and item.least > SHORT:
            return Seq((*items[:index], Repeat(item.item, SHORT, SHORT)))
        telling += _telling(item)
    return node


def _behead(node: Node) -> Node:
    """Leave out the start of a sequence, if there is no word in it but an open repeat of nearly anything."""
    items = flat(node)
    for index, item in enumerate(items):
        if (
            isinstance(item, Repeat)
            and item.most is None
            and isinstance(item.item, Byte)
            and len(item.item.values) >= WIDE
        ):
            head, rest = Seq(tuple(items[: index + 1])), Seq(tuple(items[index + 1 :]))
            is_better = not has_word(head) and has_word(rest) and _telling(rest) >= TELLING
            return rest if is_better else node
    return node


def _blunt(node: Node) -> Node:
    """Begin with the end of a long repeat before a certain byte: of 32 hexadecimal digits before a colon, twelve are as
    rare, and an automaton need not count those in every line. Nor one to three before a point.
    """
    items = flat(node)
    start = 1 if _is_boundary(items[0]) else 0
    match items[start : start + 2]:
        case [Repeat(Byte() as item, least), Byte() as mark] if least > SHORT and _telling(mark):
            return Seq((Repeat(item, SHORT, SHORT), *items[start + 1 :]))
        case [Repeat(Byte() as item, least, int(most)), behind] if start and least < most and _begins_telling(behind):
            return Seq((Repeat(item, least, least), *items[start + 1 :]))
        case _:
            return node


def _begins_telling(node: Node) -> bool:
    match node:
        case Repeat(item, least):
            return least > 0 and _begins_telling(item)
        case Seq((first, *_)):
            return _begins_telling(first)
        case Byte():
            return _telling(node) > 0
        case _:
            return False


def _telling(node: Node) -> int:
    """Least number of bytes in a match of `node` that are one letter (in either case) and no other."""
    match node:
        case Byte(values):
            return int(len(values) <= ONE_LETTER)
        case Seq(items):
            return sum(map(_telling, items))
        case Alt(branches):
            return min(map(_telling, branches))
        case Repeat(item, least):
            return least * _telling(item)
        case _:
            return 0
