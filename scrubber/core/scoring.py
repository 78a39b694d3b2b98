"""Scores: how much of what should have been found was found, and how much of the rest was taken for it.

A case is one text: where the data says that something is (`Given`), and what left the engine masked (`Found`).

* leak rate: the share of core values with at least one character left unmasked, whatever label masked the others.
* strict: a value is found if a span of its class has exactly its edges; relaxed: if one of its class overlaps it.
* characters: by character and whatever the label; characters inside soft values do not count.

Soft classes (`coarse.py`) are neither rewarded nor punished: a soft value is not asked for, and a span that lies on
one, or is of a soft class and hits nothing, is not held against anybody. In a *partial* case not everything is
labelled: it says nothing about precision. A *quarantined* text went nowhere: it leaks nothing, but no span of it was
found, and all its characters count as masked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any, Final, NamedTuple

import numpy as np

from scrubber.core.coarse import same_class

MISSED, NOTHING = "(missed)", "(nothing)"
"""In a confusion: what became of a value that no span overlaps, and what lay under a span that overlaps none."""

_SOFT, _CORE = 1, 2


class Given(NamedTuple):
    """A value that the data labels: `[start, end)` in code points, the data's label, its coarse class."""

    start: int
    end: int
    label: str
    coarse: str
    core: bool


class Found(NamedTuple):
    """A span that was masked. `label` is ours, `score` 0 to 1."""

    start: int
    end: int
    label: str
    coarse: str
    core: bool
    score: float


class Case(NamedTuple):
    """One text of `length` code points. Spans of `found` do not overlap each other."""

    length: int
    given: Sequence[Given]
    found: Sequence[Found]
    partial: bool = False
    quarantined: bool = False

    def marks(self) -> bytearray:
        """Return what each character is: 2 in a core value, 1 in a soft one, 0 elsewhere."""
        marks = bytearray(self.length)
        for kind in (_SOFT, _CORE):
            for start, end, _, _, core in self.given:
                if core == (kind == _CORE):
                    marks[start:end] = bytes((kind,)) * (end - start)
        return marks

    def masked(self) -> bytearray:
        """Return 1 for each character that is masked, 0 for the others."""
        if self.quarantined:
            return bytearray(b"\1") * self.length
        masked = bytearray(self.length)
        for found in self.found:
            masked[found.start : found.end] = b"\1" * (found.end - found.start)
        return masked

    def leaks(self) -> Iterator[tuple[Given, int]]:
        """Yield each core value that leaks, and how many of its characters are left unmasked."""
        masked = self.masked()
        for given in self.given:
            left = masked.count(0, given.start, given.end)
            if given.core and left:
                yield given, left


class Counts(NamedTuple):
    """What scores are made of. Spans first, then characters."""

    values: Any = 0  # core values
    leaked: Any = 0  # of these, those that leak
    exact: Any = 0  # of these, those found strictly
    touched: Any = 0  # of these, those found in the relaxed way
    judged: Any = 0  # spans that are held against somebody, or counted for them
    matching: Any = 0  # of these, those that overlap a value of their class
    characters: Any = 0  # characters of core values
    masked: Any = 0  # of these, those that are masked
    wrong: Any = 0  # masked characters outside of all values

    def plus(self, other: Counts) -> Counts:
        """Return the sum."""
        return Counts(*map(add, self, other))


Measure = Callable[[Counts], Any]


def _ratio(part: Any, whole: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.true_divide(part, whole)


def _f1(precision: Any, recall: Any) -> Any:
    """0 where nothing was found, and no number where there was nothing to find."""
    return np.where(np.isnan(recall), np.nan, np.nan_to_num(_ratio(2 * precision * recall, precision + recall)))


RECALLS: Final[Mapping[str, Measure]] = {
    "leak_rate": lambda c: _ratio(c.leaked, c.values),
    "strict_recall": lambda c: _ratio(c.exact, c.values),
    "relaxed_recall": lambda c: _ratio(c.touched, c.values),
    "character_recall": lambda c: _ratio(c.masked, c.characters),
}
"""Measures that partial data can tell."""

PRECISIONS: Final[Mapping[str, Measure]] = {
    "strict_precision": lambda c: _ratio(c.exact, c.judged),
    "strict_f1": lambda c: _f1(_ratio(c.exact, c.judged), _ratio(c.exact, c.values)),
    "relaxed_precision": lambda c: _ratio(c.matching, c.judged),
    "relaxed_f1": lambda c: _f1(_ratio(c.matching, c.judged), _ratio(c.touched, c.values)),
    "character_precision": lambda c: _ratio(c.masked, c.masked + c.wrong),
    "character_f1": lambda c: _f1(_ratio(c.masked, c.masked + c.wrong), _ratio(c.masked, c.characters)),
}
"""Measures that need every value to be labelled."""


class Estimate(NamedTuple):
    """A score and its bootstrap confidence interval (95 %); None where there was nothing to measure."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one set. `by_class`: the measures of each class, its number of values, and of spans that hit
    nothing of their class.
    """

    rows: int
    values: int
    partial: bool
    quarantined: int
    overall: Mapping[str, Estimate]
    by_class: Mapping[str, Mapping[str, float | None]]
    confusion: Mapping[str, Mapping[str, int]]


@dataclass(slots=True)
class Tally:
    """Adds up the cases of one set."""

    partial: bool = False
    quarantined: int = 0
    rows: list[Counts] = field(default_factory=list)
    by_class: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, case: Case) -> None:
        """Count one case."""
        row = Counts()
        for coarse, counts in _counted(case):
            row = row.plus(counts)
            self.by_class[coarse] = self.by_class[coarse].plus(counts)
        self.rows.append(row)
        self.confusion.update(_confused(case))
        self.partial |= case.partial
        self.quarantined += case.quarantined

    def scores(self, seed: int, resamples: int = 1_000) -> Scores:
        """Return the scores. The intervals come from `resamples` draws of as many rows, the same for the same seed."""
        measures = RECALLS if self.partial else {**RECALLS, **PRECISIONS}
        rows = np.array(self.rows, dtype=np.float64).reshape(-1, len(Counts._fields))
        drawn = Counts(*_resampled(rows, seed, resamples).T)
        total = Counts(*rows.sum(axis=0))
        confusion: dict[str, dict[str, int]] = {}
        for (given, found), count in sorted(self.confusion.items()):
            confusion.setdefault(given, {})[found] = count
        return Scores(
            rows=len(self.rows),
            values=int(total.values),
            partial=self.partial,
            quarantined=self.quarantined,
            overall={name: _estimate(measure(total), measure(drawn)) for name, measure in measures.items()},
            by_class={
                coarse: {"values": counts.values, "false_spans": counts.judged - counts.matching}
                | {name: _number(measure(counts)) for name, measure in measures.items() if "character" not in name}
                for coarse, counts in sorted(self.by_class.items(), key=lambda item: (-item[1].values, item[0]))
                if counts.values or counts.judged
            },
            confusion=confusion,
        )


@dataclass(slots=True)
class Alarms:
    """What was found in text that nobody labelled: at most so much of it is wrong."""

    rows: int = 0
    size_bytes: int = 0
    quarantined: int = 0
    by_label: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)

    def add(self, size_bytes: int, found: Sequence[tuple[str, str]], *, quarantined: bool) -> None:
        """Count one text, and the label and the rule (or detector) of each span in it."""
        self.rows += 1
        self.size_bytes += size_bytes
        self.quarantined += quarantined
        self.by_label.update(label for label, _ in found)
        self.by_rule.update(rule for _, rule in found)

    def plus(self, other: Alarms) -> Alarms:
        """Return the sum."""
        return Alarms(
            self.rows + other.rows,
            self.size_bytes + other.size_bytes,
            self.quarantined + other.quarantined,
            self.by_label + other.by_label,
            self.by_rule + other.by_rule,
        )

    def per_50_kb(self, count: int) -> float:
        """Return `count` for each 50,000 bytes of text."""
        return count * 50_000 / self.size_bytes if self.size_bytes else 0.0


def overlap(one: Given | Found, other: Given | Found) -> int:
    """Return how many characters two spans share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def judged(found: Found, given: Sequence[Given]) -> bool | None:
    """Whether a span overlaps a core value of its class; None where it is neither rewarded nor punished."""
    under = [value for value in given if overlap(found, value)]
    if any(value.core and same_class(value.coarse, found.coarse) for value in under):
        return True
    if not found.core or any(not value.core for value in under):
        return None
    return False


def _counted(case: Case) -> Iterator[tuple[str, Counts]]:
    """Yield what each core value and each span adds to its class."""
    masked = case.masked()
    for value in case.given:
        if value.core:
            size, hidden = value.end - value.start, masked.count(1, value.start, value.end)
            same = [span for span in case.found if overlap(span, value) and same_class(span.coarse, value.coarse)]
            exact = any((span.start, span.end) == (value.start, value.end) for span in same)
            yield (
                value.coarse,
                Counts(1, int(hidden < size), int(exact), int(bool(same)), characters=size, masked=hidden),
            )
    if case.partial:
        return
    marks = case.marks()
    for span in case.found:
        verdict = judged(span, case.given)
        wrong = marks.count(0, span.start, span.end)
        yield span.coarse, Counts(judged=int(verdict is not None), matching=int(verdict is True), wrong=wrong)
    if case.quarantined:
        yield NOTHING, Counts(wrong=marks.count(0))


def _confused(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the class of each value with that of the span that shares most with it, and each span without a value."""
    for value in case.given:
        best = max(case.found, key=lambda span: overlap(span, value), default=None)
        yield value.coarse, best.coarse if best is not None and overlap(best, value) else MISSED
    if not case.partial:
        for span in case.found:
            if not any(overlap(span, value) for value in case.given):
                yield NOTHING, span.coarse


def _resampled(rows: np.ndarray[Any, Any], seed: int, resamples: int) -> np.ndarray[Any, Any]:
    """Return the sums of `resamples` draws with replacement of as many rows as there are."""
    generator = np.random.default_rng(seed)
    size = len(rows)
    draws = (np.bincount(generator.integers(0, size, size), minlength=size) for _ in range(resamples if size else 0))
    return np.array([draw @ rows for draw in draws]).reshape(-1, rows.shape[1])


def _estimate(value: Any, drawn: np.ndarray[Any, Any]) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(known):
        return Estimate(_number(value), None, None)
    low, high = np.percentile(known, (2.5, 97.5))
    return Estimate(_number(value), _number(low), _number(high))


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
