"""Thresholds: what each would give, and which to choose for a target.

The cases here were found with thresholds far below those of the policy, so that every threshold above can be judged by
leaving out the spans that do not reach it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from scrubber.core.scoring import Case, judged

FEWEST: Final = 20
"""Values or spans below which a proposal would be an accident."""

_NEVER_MASKED = -1.0
_DIGITS = 4  # of a threshold


class Point(NamedTuple):
    """What one threshold for all labels gives, 0 to 1. `precision` (by character) is None for partial data."""

    threshold: float
    precision: float | None
    recall: float
    leak_rate: float


class Target(NamedTuple):
    """What to reach: at most this leak rate in each class, or at least this precision of each label, 0 to 1."""

    measure: Literal["leak", "precision"]
    value: float


class Proposal(NamedTuple):
    """A threshold for a label, what it gives by the measure of the target, and from how many values or spans."""

    label: str
    threshold: float
    gives: float
    support: int
    reached: bool


def curve(cases: Sequence[Case], most: int = 60) -> list[Point]:
    """Return a point for each score that occurs, `most` of them, from the lowest; none where nothing was to be found.

    A text that was quarantined is left out: it went nowhere at any threshold that was tried.
    """
    cases = [case for case in cases if not case.quarantined]
    right: list[tuple[float, int]] = []
    wrong: list[tuple[float, int]] = []
    floors: list[float] = []
    characters = 0
    for case in cases:
        marks = case.marks()
        characters += marks.count(2)
        for span in case.found:
            right.append((span.score, marks.count(2, span.start, span.end)))
            wrong.append((span.score, marks.count(0, span.start, span.end)))
        floors += [floor for _, floor in _masked_from(case)]
    if not characters or not right:
        return []
    partial = any(case.partial for case in cases)
    scores = np.unique([score for score, _ in right])
    if len(scores) > most:
        scores = scores[np.linspace(0, len(scores) - 1, most).round().astype(int)]
    sums = zip(scores, _from(scores, right), _from(scores, wrong), strict=True)
    hidden = np.sort(np.array(floors))
    return [
        Point(
            _down(score),
            None if partial or not good + bad else float(good / (good + bad)),
            float(good / characters),
            float(np.searchsorted(hidden, score) / len(hidden)),
        )
        for score, good, bad in sums
    ]


def propose(cases: Iterable[Case], target: Target, labels: Mapping[str, Sequence[str]]) -> list[Proposal]:
    """Return thresholds for the labels of which there is enough to tell, sorted by label.

    precision: for each label the lowest threshold at which that share of its spans overlaps a value of its class.
    leak: for each class the highest threshold of all labels at which no more of its values leak; `labels` names the
    labels of each class. Where no threshold reaches the target, the nearest to it is proposed.
    """
    if target.measure == "precision":
        return sorted(_for_precision(cases, target.value))
    return sorted(_for_leak(cases, target.value, labels))


def _for_precision(cases: Iterable[Case], target: float) -> Iterable[Proposal]:
    verdicts: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for case in cases:
        for span in () if case.partial else case.found:
            verdict = judged(span, case.given)
            if verdict is not None:
                verdicts[span.label].append((span.score, verdict))
    for label, told in verdicts.items():
        if len(told) >= FEWEST:
            scores = np.unique([score for score, _ in told])
            right = _from(scores, [(score, int(verdict)) for score, verdict in told])
            everything = _from(scores, [(score, 1) for score, _ in told])
            precision = right / everything
            reached = np.flatnonzero((precision >= target) & (everything >= FEWEST))
            enough = np.where(everything >= FEWEST, precision, -1.0)
            chosen = int(reached[0]) if len(reached) else int(np.flatnonzero(enough == enough.max())[-1])
            yield Proposal(
                label, _down(scores[chosen]), float(precision[chosen]), int(everything[chosen]), bool(len(reached))
            )


def _for_leak(cases: Iterable[Case], target: float, labels: Mapping[str, Sequence[str]]) -> Iterable[Proposal]:
    floors: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        for coarse, floor in _masked_from(case):
            floors[coarse].append(floor)
    for coarse, masked_from in floors.items():
        if len(masked_from) >= FEWEST:
            hidden = np.sort(np.array(masked_from))
            allowed = int(target * len(hidden) + 1e-9)
            never = int(np.searchsorted(hidden, 0.0))
            if never == len(hidden):
                continue  # no threshold masks any of them
            reached = never <= allowed
            threshold = hidden[min(max(allowed, never), len(hidden) - 1)]
            leaks = float(np.searchsorted(hidden, threshold) / len(hidden))
            for label in labels.get(coarse, ()):
                yield Proposal(label, _down(threshold), leaks, len(hidden), reached)


def _masked_from(case: Case) -> Iterable[tuple[str, float]]:
    """Yield the class of each core value, and the highest threshold at which it is still masked whole."""
    best = np.full(case.length, _NEVER_MASKED if not case.quarantined else 1.0)
    for span in case.found:
        best[span.start : span.end] = span.score
    for value in case.given:
        if value.core:
            yield value.coarse, float(best[value.start : value.end].min())


def _from(scores: npt.NDArray[np.float64], weights: Sequence[tuple[float, int]]) -> npt.NDArray[np.float64]:
    """Return for each of `scores` the weight of everything that reaches it."""
    ordered = np.array(sorted(weights), dtype=np.float64).reshape(-1, 2)
    sums = np.append(np.cumsum(ordered[::-1, 1])[::-1], 0.0)
    result: npt.NDArray[np.float64] = sums[np.searchsorted(ordered[:, 0], scores)]
    return result


def _down(score: float) -> float:
    """Round so that a span with just this score still counts."""
    return float(np.floor(score * 10**_DIGITS) / 10**_DIGITS)
