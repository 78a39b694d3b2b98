"""The fast engine: Vectorscan over the joined batch.

Vectorscan is fast where it can look for words. Rules without one (a telephone number, a VIN, a card) make it run an
automaton over every byte: twenty-odd of them were two thirds of the whole scan. Nearly no record holds a shape of
theirs, so one RE2 automaton, made of the outlines of all, first tells which buffers may (1.5 to 2 ns a byte instead of
6), and only those are scanned for them.

Joining buffers is safe because every pattern is compiled for several lines: a separator is to it what the edge of a
buffer is to the exact pattern, and a match that spans two buffers is only a candidate too many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Self

import numpy as np
import re2

from scrubber.detect.rules import engine
from scrubber.detect.rules.batch import Batch
from scrubber.detect.rules.databases import Database, Databases, databases
from scrubber.detect.rules.engine import Candidate
from scrubber.detect.rules.outline import outline
from scrubber.detect.rules.syntax import PatternError, parse, render
from scrubber.errors import DetectorFailed

_UNANCHORED = re2._Anchor.UNANCHORED  # noqa: SLF001 - the public search() builds a match object around this call


class Vectorscan:
    """Two Vectorscan databases: one for rules that have a word, for all buffers; one for those that have none.

    Args:
        patterns: the engine's form of each rule.
        shapes: which of them have no word, and hit rarely.
        compiled: the databases of both, if they were compiled already.
    """

    name = "vectorscan"

    def __init__(
        self, patterns: Sequence[bytes], shapes: Collection[int] = (), compiled: Databases | None = None
    ) -> None:
        words, shaped = compiled or databases(patterns, shapes)
        self._words = _Scanned(words)
        self._shapes = _Scanned(shaped) if shaped is not None else None
        self.is_kept = words.is_kept or (shaped is not None and shaped.is_kept)
        self._any_shape = _AnyOf([patterns[rule] for rule in shapes])

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Scan the buffers; raise `DetectorFailed` where a canary is missed."""
        found = self._words.candidates(batch)
        if self._shapes is not None:
            shaped = self._any_shape.buffers(batch)
            if shaped:
                few = Batch([batch.buffers[index] for index in shaped])
                found += [
                    (shaped[index], rule, first, last) for index, rule, first, last in self._shapes.candidates(few)
                ]
        return found

    def clone(self) -> Self:
        """The same databases with a scratch of their own: two scans must not share one."""
        twin = object.__new__(type(self))
        twin._words, twin._any_shape = self._words.clone(), self._any_shape
        twin._shapes = self._shapes.clone() if self._shapes is not None else None
        return twin


class _Scanned:
    """A database that scans. It reports each end of each match; ends map back to buffers by bisection."""

    def __init__(self, database: Database) -> None:
        self._database, self._rules, _ = database
        self._scratch = self._database.scratch

    def candidates(self, batch: Batch) -> list[Candidate]:
        """One scan for all buffers."""
        matches: list[int] = []
        append, count = matches.append, len(self._rules)
        # The callback runs once for each match, with the interpreter lock: it does nothing but note it, as one number.
        self._database.scan(
            batch.text,
            match_event_handler=lambda number, _from, end, _flags, _context: append(end * count + number),
            scratch=self._scratch,
        )
        if len(batch.text) * count + count - 1 not in reversed(matches):
            raise DetectorFailed("Vectorscan did not read the batch to its end.")
        ends, numbers = np.divmod(np.array(matches, np.int64), count)
        # The byte before the end is in the buffer, or it is the separator right behind it.
        indices = batch.buffers_of(ends - 1)
        places = (ends - batch.starts[indices]).tolist()
        bounds: dict[int, list[int]] = {}
        for key, place in zip((indices * count + numbers).tolist(), places, strict=True):
            known = bounds.get(key)
            if known is None:
                bounds[key] = [place, place]
            elif place > known[1]:
                known[1] = place
            elif place < known[0]:
                known[0] = place
        found: list[Candidate] = []
        for key, (first, last) in bounds.items():
            index, number = divmod(key, count)
            if (
                index < len(batch.buffers) and number < count - 1
            ):  # else: what a rule takes the canary for, or a record has of it
                found.append((index, self._rules[number], first, last))
        return found

    def clone(self) -> Self:
        twin = object.__new__(type(self))
        twin._rules, twin._database = self._rules, self._database
        twin._scratch = self._scratch.clone()
        return twin


class _AnyOf:
    """One RE2 program that hits within each hit of some patterns; it does not say of which."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        outlines = [
            render(outline(parse(pattern.decode("ascii"))), capture=False).encode("ascii") for pattern in patterns
        ]
        any_of = b"|".join(b"(?:" + pattern + b")" for pattern in (*outlines, engine.canary_pattern()))
        try:
            self._search = re2.compile(b"(?m:" + any_of + b")", engine.re2_options())._regexp.Match  # noqa: SLF001
        except re2.error:
            raise PatternError("RE2: the rules do not fit into its memory limit") from None

    def buffers(self, batch: Batch) -> list[int]:
        """Return the buffers, rising, in which one of the patterns may hit."""
        search, text = self._search, batch.text
        length, canary_at = len(text), int(batch.starts[-1])
        firsts: list[int] = []
        lasts: list[int] = []
        position = 0
        while True:
            start, end = search(_UNANCHORED, text, position, length)[0]
            if start < 0:
                raise DetectorFailed("RE2 did not read the batch to its end.")
            if start < canary_at:
                firsts.append(start)
                lasts.append(min(end, canary_at) - 1)
            if end > canary_at:
                break
            # What is left of this line lies in a buffer that is known now. The separator behind it is the next context.
            position = max(text.find(engine.SEPARATOR, end - 1), position + 1)
        buffers: set[int] = set()
        bounds = [batch.buffers_of(np.array(places, np.int64)).tolist() for places in (firsts, lasts)]
        for first, last in zip(*bounds, strict=True):
            buffers.update(range(first, last + 1))
        return sorted(buffers)
