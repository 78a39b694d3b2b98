"""The rule tier: every rule over a whole batch of buffers, in time linear in their length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Literal, NamedTuple, Self

import re2

from scrubber.core.checks import Check, get_check
from scrubber.core.containers import OPENING, contents
from scrubber.core.named import WAYS
from scrubber.detect.rules import quads
from scrubber.detect.rules.batch import Batch
from scrubber.detect.rules.databases import Database, databases, forms, sought
from scrubber.detect.rules.engine import Engine, Re2Set
from scrubber.detect.rules.pattern import compile_exact
from scrubber.detect.rules.rule import Near, Rule, digest
from scrubber.detect.rules.selftest import failures, marked
from scrubber.detect.rules.syntax import PatternError
from scrubber.detect.rules.trial import Trial
from scrubber.detect.rules.vectorscan import Vectorscan
from scrubber.errors import ConfigError, Problem

_new = tuple.__new__  # makes a NamedTuple in a third of the time
_LONGEST_KEY = 64
_QUOTES = b"\"'`"
_UNANCHORED = re2._Anchor.UNANCHORED  # noqa: SLF001 - see _Matcher


class RuleHit(NamedTuple):
    """A value that a rule found: byte offsets in the scanned buffer, half-open, and the rule."""

    start: int
    end: int
    rule: Rule


class Hits(NamedTuple):
    """What a scan found: hits by the index of their buffer, rising, without buffers that have none; and of buffers in
    which a value may have its name elsewhere, in which ways (see `core.named`).
    """

    by_buffer: dict[int, list[RuleHit]]
    named: dict[int, list[int]]


class RuleTier:
    """All rules, compiled. One thread calls `find`; another thread takes a `clone`.

    `engine` is "vectorscan", "re2", or "auto" (the first, unless it fails its trial). Both give the same hits. The
    rules' own examples are run through the tier before it is ready: a rule that misses its example is a
    `ConfigError`, like a pattern that the engine refuses. `words`: its larger database, if that was begun before.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        engine: Literal["auto", "vectorscan", "re2"] = "auto",
        words: Future[Database] | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self.digest = digest(self.rules)
        self._quads = [_Matcher(rule) for rule in self.rules if rule.pattern.is_quads]
        self._matchers = [_Matcher(rule) for rule in sought(self.rules)]
        for matcher in (*self._quads, *self._matchers):  # while the engine is compiled
            matcher.warm_up()
        self._engine = _build_engine([matcher.rule for matcher in self._matchers], engine, words)
        problems = failures(self.rules, self.find)
        if problems:
            raise ConfigError(problems)

    @property
    def engine(self) -> str:
        """The name of the engine in use."""
        return self._engine.name

    def find(self, buffers: Sequence[bytes]) -> list[list[RuleHit]]:
        """The hits in each buffer, by start; hits of different rules may overlap. Raises `DetectorFailed`, never
        skips.
        """
        found = self.scan(buffers).by_buffer
        return [found.get(index, []) for index in range(len(buffers))]

    def scan(self, buffers: Sequence[bytes]) -> Hits:
        """As `find`, and what else one pass over the buffers tells."""
        found: dict[int, list[RuleHit]] = {}
        named: dict[int, list[int]] = {}
        batch = Batch(buffers)
        if self._quads:
            self._add_quads(found, batch)
        several = set(found) if len(self._quads) > 1 else set()
        matchers, count = self._matchers, len(self._matchers)
        for index, rule, first, last in self._engine.candidates(batch):
            if rule >= count:
                named.setdefault(index, []).append(rule - count)
                continue
            hits = matchers[rule].hits(buffers[index], first, last)
            if hits:
                found.setdefault(index, []).extend(hits)
                several.add(index)
        for index in several:  # those of one rule rise
            hits = found[index]
            if len(hits) > 1:
                hits.sort(key=_position)
        return Hits(dict(sorted(found.items())), {index: sorted(ways) for index, ways in sorted(named.items())})

    def _add_quads(self, found: dict[int, list[RuleHit]], batch: Batch) -> None:
        values, unsure = quads.find(batch)
        buffers = batch.buffers
        for matcher in self._quads:
            accepts, rule = matcher.accepts, matcher.rule
            for index, start, end in values:
                if accepts(buffers[index], start, end):
                    hit = _new(RuleHit, (start, end, rule))
                    if index in found:
                        found[index].append(hit)
                    else:
                        found[index] = [hit]
            for index in unsure:
                hits = matcher.hits(buffers[index], 0, len(buffers[index]))
                if hits:
                    found.setdefault(index, []).extend(hits)

    def clone(self) -> Self:
        """The same tier for another thread."""
        twin = object.__new__(type(self))
        twin.rules, twin.digest = self.rules, self.digest
        twin._matchers, twin._quads = self._matchers, self._quads
        twin._engine = self._engine.clone()
        return twin


def _position(hit: RuleHit) -> tuple[int, int, str]:
    start, end, rule = hit
    return start, end, rule.id


def _build_engine(rules: Sequence[Rule], name: str, words: Future[Database] | None = None) -> Engine:
    """The engine called `name`, tried on these rules. "auto" takes RE2 where Vectorscan fails its trial."""
    patterns, shapes = forms(rules)
    trial = Trial(patterns)
    engine: Engine
    try:
        if name == "re2":
            engine = Re2Set(patterns)
        else:
            engine = Vectorscan(patterns, shapes, databases(patterns, shapes, words=words))
    except PatternError as error:
        problems = list(_refused(rules, Re2Set if name == "re2" else Vectorscan)) or [Problem("rules", str(error))]
        raise ConfigError(problems) from None
    lost = trial.missed(engine)
    if lost and isinstance(engine, Vectorscan) and engine.is_kept:
        engine = Vectorscan(patterns, shapes, databases(patterns, shapes, anew=True))
        lost = trial.missed(engine)
    if lost and name == "auto":
        return _build_engine(rules, "re2")
    if lost:
        message = f"{engine.name} misses texts that match it on this machine"
        ids = [*(rule.id for rule in rules), *(way.__name__ for way in WAYS)]
        raise ConfigError([Problem(f"rules.{ids[index]}", message, "use the engine re2") for index in sorted(lost)])
    return engine


def _refused(rules: Iterable[Rule], build: Callable[[Sequence[bytes]], Engine]) -> Iterable[Problem]:
    """Which rules the engine refuses, each compiled alone."""
    for rule in rules:
        try:
            build([rule.pattern.engine])
        except PatternError as error:
            yield Problem(f"rules.{rule.id}.pattern", str(error))


class _Matcher:
    """The exact step for one rule: search, check, look around, go on."""

    __slots__ = ("_check", "_keyed", "_least", "_near", "_reach", "_retry", "_search", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        # The public search() builds a generator and a match object around this call: 4.2 against 2.8 us a match.
        self._search = compile_exact(rule.pattern.exact)._regexp.Match  # noqa: SLF001
        self._reach = rule.pattern.reach
        self._least = rule.pattern.least
        self._retry = rule.pattern.retry
        self._keyed = rule.evidence == "key"
        self._check: Check | None = get_check(rule.check) if rule.check else None
        self._near = _Surroundings(rule.near) if rule.near else None

    def warm_up(self) -> None:
        """Search the rule's examples: RE2 makes its automata, and checks read their tables, when first used."""
        for example in self.rule.examples:
            text, _ = marked(example)
            self.hits(text, 0, len(text))

    def accepts(self, text: bytes, start: int, end: int) -> bool:
        """Whether what the pattern matched at `[start, end)` counts."""
        check, near = self._check, self._near
        if check is not None and not check(text[start:end], text, start, end):
            return False
        return near is None or near.accept(text, start, end)

    def hits(self, text: bytes, first: int, last: int, *, in_container: bool = False) -> list[RuleHit]:
        """All values in `text`. The engine's ends lie between `first` and `last`: no match starts more than `reach`
        before the first of them, and none less than `least` before the last.
        """
        reach = self._reach
        position = first - reach if reach is not None and first > reach else 0
        search, accepts = self._search, self.accepts
        found: list[RuleHit] = []
        length, latest = len(text), last - self._least
        while position <= latest:
            spans = search(_UNANCHORED, text, position, length)
            if spans[0][0] < 0:
                break
            start, end = spans[0]
            for span in spans[1:]:
                if span[0] >= 0:  # the first group that took part
                    start, end = span
                    break
            if end == start + 1 and text[start] in OPENING and text[start - 1] not in _QUOTES and not in_container:
                position = self._add_contents(found, text, spans[0][0], start)
            elif start < end and accepts(text, start, end):
                found.append(_new(RuleHit, (start, end, self.rule)))
                position = end
            elif self._retry or start == end:
                # Another value may begin inside this one, or its key may: the byte before is its boundary.
                position = max(spans[0][0] + 1, start - 1)
            else:
                position = end
            if self._keyed and position == end and text[start - 1] in _QUOTES:
                # Where a value ends is a guess if only its key proves it: the next key may lie inside.
                position = max(spans[0][0] + 1, start - 1, end - _LONGEST_KEY)
        return found

    def _add_contents(self, found: list[RuleHit], text: bytes, key: int, start: int) -> int:
        """Add what the key of a container proves of the values in it; return where the container ends."""
        name = text[key:start]
        scalars, objects, end = contents(text, start)
        for first, last in (*scalars, *objects):
            pair = name + text[first:last] + b","
            shift = first - len(name)
            for hit in self.hits(pair, 0, len(pair), in_container=True):
                hit_end = min(hit.end + shift, last)  # what a cut left open would take what is to close it, too
                if hit.start + shift < hit_end:
                    found.append(RuleHit(hit.start + shift, hit_end, hit.rule))
        return end


class _Surroundings:
    """`Near`, compiled: whole words, in any letter case."""

    def __init__(self, near: Near) -> None:
        self._include = _words(near.include)
        self._exclude = _words(near.exclude)
        self._within = near.within

    def accept(self, text: bytes, start: int, end: int) -> bool:
        around = text[max(0, start - self._within) : start] + b"\n" + text[end : end + self._within]
        if self._include is not None and not self._include.search(around):
            return False
        return self._exclude is None or not self._exclude.search(around)


def _words(words: Sequence[str]) -> re.Pattern[bytes] | None:
    if not words:
        return None
    alternatives = b"|".join(re.escape(word.encode()) for word in words)
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + alternatives + rb")(?![A-Za-z0-9])", re.IGNORECASE)
