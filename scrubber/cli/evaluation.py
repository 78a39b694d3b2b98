"""Runs an engine over data sets and scores what it masks: what `scrubber eval` shows, in data."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import groupby
from typing import NamedTuple

from scrubber.cli.eval_data import DataSet, Text
from scrubber.cli.wiring import Engine
from scrubber.core.coarse import LabelMap
from scrubber.core.scoring import Alarms, Case, Found, Scores, Tally
from scrubber.core.spans import Redaction
from scrubber.core.tuning import Point, Proposal, Target, curve, propose

BATCH_TEXTS = 1_000
FLOOR = 0.1
"""Lowest threshold that is weighed."""

_MISSES_PER_CLASS = 5
_AROUND = 40  # code points shown on each side of a miss


class Miss(NamedTuple):
    """A core value that leaks. `before`, `value` and `after` are as in the text: whoever shows them masks them."""

    line: int
    label: str
    coarse: str
    left: int
    before: str
    value: str
    after: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one set. `scores` is of its labelled texts, `alarms` of the others; None where there are none."""

    name: str
    records_per_sec: float
    scores: Scores | None
    alarms: Alarms | None
    misses: Sequence[Miss]


class Evaluator:
    """Evaluates one engine. `seed` draws the confidence intervals."""

    def __init__(self, engine: Engine, labels: LabelMap, seed: int) -> None:
        self._engine = engine
        self._labels = labels
        self._seed = seed

    def result(self, data: DataSet) -> Result:
        """Score one set. Raises DetectorError."""
        tally, alarms = Tally(), Alarms()
        misses: list[Miss] = []
        seconds = 0.0
        for first in range(0, len(data.texts), BATCH_TEXTS):
            texts = data.texts[first : first + BATCH_TEXTS]
            encoded = [text.text.encode() for text in texts]
            began = time.perf_counter()
            scrubbed = self._engine.scrub.scrub_texts(encoded)
            seconds += time.perf_counter() - began
            for text, raw, (_, redactions, reason) in zip(texts, encoded, scrubbed, strict=True):
                if text.labelled:
                    case = self._case(text, redactions, quarantined=reason is not None)
                    tally.add(case)
                    misses += _misses(text, case)
                else:
                    found = [(span.label, span.rule or span.detector) for span in redactions]
                    alarms.add(len(raw), found, quarantined=reason is not None)
        return Result(
            data.name,
            round(len(data.texts) / max(seconds, 1e-9), 1),
            tally.scores(self._seed) if tally.rows else None,
            alarms if alarms.rows else None,
            _worst(misses),
        )

    def cases(self, data: DataSet) -> Iterator[Case]:
        """Yield the labelled texts with what is masked in them."""
        texts = [text for text in data.texts if text.labelled]
        for first in range(0, len(texts), BATCH_TEXTS):
            batch = texts[first : first + BATCH_TEXTS]
            scrubbed = self._engine.scrub.scrub_texts([text.text.encode() for text in batch])
            for text, (_, redactions, reason) in zip(batch, scrubbed, strict=True):
                yield self._case(text, redactions, quarantined=reason is not None)

    def _case(self, text: Text, redactions: Sequence[Redaction], *, quarantined: bool) -> Case:
        found = [self._found(span) for span in redactions if span.action != "keep"]
        return Case(len(text.text), text.given, found, text.partial, quarantined)

    def _found(self, span: Redaction) -> Found:
        coarse = self._labels.found(span.label)
        return Found(span.start, span.end, span.label, coarse, coarse in self._labels.core, span.score)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What other thresholds would give: a curve for each set, and what to choose."""

    curves: Mapping[str, Sequence[Point]]
    proposals: Sequence[Proposal]


def weigh(evaluator: Evaluator, sets: Sequence[DataSet], target: Target | None) -> Weighed:
    """Weigh thresholds; `evaluator` has an engine with low ones. Raises DetectorError."""
    cases = {data.name: list(evaluator.cases(data)) for data in sets}
    everything = [case for some in cases.values() for case in some]
    labels: dict[str, set[str]] = {}
    for span in (span for case in everything for span in case.found):
        labels.setdefault(span.coarse, set()).add(span.label)
    proposals = propose(everything, target, {coarse: sorted(some) for coarse, some in labels.items()}) if target else []
    return Weighed({name: curve(some) for name, some in cases.items()}, proposals)


def _misses(text: Text, case: Case) -> Iterator[Miss]:
    for (start, end, label, coarse, _), left in case.leaks():
        before, after = text.text[max(0, start - _AROUND) : start], text.text[end : end + _AROUND]
        yield Miss(text.line, label, coarse, left, before, text.text[start:end], after)


def _worst(misses: list[Miss]) -> list[Miss]:
    """Return a few of each class: those of which most is left."""
    misses.sort(key=lambda miss: miss.coarse)
    return [
        miss
        for _, some in groupby(misses, key=lambda miss: miss.coarse)
        for miss in nlargest(_MISSES_PER_CLASS, some, key=lambda miss: miss.left)
    ]
