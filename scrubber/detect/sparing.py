"""Labels that no model needs to be asked for, since the rules find all of them: each costs tokens in every text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scrubber.core.labels import LABELS
from scrubber.core.spans import Span
from scrubber.detect.detector import Around, Detector, Plan
from scrubber.detect.rules.rule import Rule


def found_by_rules(rules: Iterable[Rule]) -> dict[str, float]:
    """Return the labels that `rules` find all of, each with the lowest score of a hit."""
    lowest: dict[str, float] = {}
    for rule in rules:
        if rule.label in LABELS and LABELS[rule.label].shaped:
            lowest[rule.label] = min(rule.score, lowest.get(rule.label, 1.0))
    return lowest


class SparingDetector(Around):
    """A `Detector` that asks another one only for what the rules do not find.

    `found` has the labels to leave out, and the score that a hit of the rules has at least: where a plan wants more
    than that, rules do not suffice and the label is asked for.
    """

    def __init__(self, detector: Detector, found: Mapping[str, float]) -> None:
        super().__init__(detector)
        self._found = dict(found)

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`; spans of labels that are left out are not among them."""
        asked = self.asked(plan)
        return self._detector.detect(texts, asked) if asked.labels else [[] for _ in texts]

    def asked(self, plan: Plan) -> Plan:
        """Return what of `plan` the detector is asked for."""
        wanted = [
            (label, threshold)
            for label, threshold in zip(plan.labels, plan.thresholds, strict=True)
            if threshold > self._found.get(label, -1.0)
        ]
        return Plan(tuple(label for label, _ in wanted), tuple(threshold for _, threshold in wanted))
