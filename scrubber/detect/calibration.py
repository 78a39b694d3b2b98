"""Scores that mean the same for every label: 0.5 is where the makers of a model would draw the line.

A model folder may hold `thresholds.json`: {"default": 0.4, "labels": {"user_name": 0.65}}. Scores are shifted on the
logistic scale, so that what the model scored right at its threshold comes out as 0.5. Policies then need to know no
model, and a threshold of a policy moves every label by the same measure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from scrubber.core.spans import Span
from scrubber.detect.detector import Around, Detector, Plan
from scrubber.detect.files import read_json
from scrubber.errors import ConfigError, Problem

THRESHOLDS = "thresholds.json"


class Thresholds:
    """The thresholds of one model, each between 0 and 1, both excluded."""

    def __init__(self, default: float, labels: Mapping[str, float]) -> None:
        self._shifts = {label: _logit(threshold) for label, threshold in labels.items()}
        self._default = _logit(default)

    def shift(self, label: str) -> float:
        """What lies between a score of the model and the calibrated one, on the logistic scale."""
        return self._shifts.get(label, self._default)


def read_thresholds(folder: Path) -> Thresholds | None:
    """Return what the folder of a model holds, or None. Raises ConfigError."""
    if not (folder / THRESHOLDS).is_file():
        return None
    read = read_json(folder / THRESHOLDS)
    try:
        return Thresholds(read["default"], read["labels"])
    except (KeyError, TypeError, AttributeError, ValueError, ZeroDivisionError):
        problem = Problem("model.path", f"{folder / THRESHOLDS} holds no thresholds between 0 and 1")
    raise ConfigError([problem])


class CalibratedDetector(Around):
    """A `Detector` that shifts the scores of another one."""

    def __init__(self, detector: Detector, thresholds: Thresholds) -> None:
        super().__init__(detector)
        self._thresholds = thresholds

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        lowest = dict(zip(plan.labels, plan.thresholds, strict=True))
        raw = [_shifted(score, self._thresholds.shift(label)) for label, score in lowest.items()]
        found = self._detector.detect(texts, Plan(tuple(lowest), tuple(raw)))
        return [[self._calibrated(span, lowest[span.label]) for span in spans] for spans in found]

    def _calibrated(self, span: Span, lowest: float) -> Span:
        score = _shifted(span.score, -self._thresholds.shift(span.label))
        return span._replace(score=max(score, lowest))  # rounding must not lose what the model let through


def _shifted(score: float, shift: float) -> float:
    """Move `score` by `shift` on the logistic scale. What no score reaches, and what every score does, stays so."""
    return score if score <= 0 or score >= 1 else 1 / (1 + math.exp(-_logit(score) - shift))


def _logit(score: float) -> float:
    return math.log(score / (1 - score))
