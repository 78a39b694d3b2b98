"""Labels as a model wants them to be called: a prompt of fewer words leaves more of a batch to the text.

A model folder may hold `labels.json`: {"date_of_birth": "birth date"}. Labels that are not in it are asked for by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scrubber.core.spans import Span
from scrubber.detect.detector import Around, Detector, Plan
from scrubber.detect.files import read_json
from scrubber.errors import ConfigError, Problem

WORDING = "labels.json"


def read_wording(folder: Path) -> Mapping[str, str] | None:
    """Return what the folder of a model holds, or None. Raises ConfigError."""
    if not (folder / WORDING).is_file():
        return None
    read: Any = read_json(folder / WORDING)
    if isinstance(read, dict) and all(isinstance(words, str) and words.strip() for words in read.values()):
        return read
    raise ConfigError([Problem("model.path", f"{folder / WORDING} does not say in words what its labels are called")])


class WordedDetector(Around):
    """A `Detector` that asks another one for labels by other words."""

    def __init__(self, detector: Detector, wording: Mapping[str, str]) -> None:
        super().__init__(detector)
        self._wording = dict(wording)

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        label_of: dict[str, str] = {}
        for label in plan.labels:
            words = self._wording.get(label, label)
            clash = words in label_of or (words != label and words in plan.labels)
            label_of[label if clash else words] = label
        found = self._detector.detect(texts, Plan(tuple(label_of), plan.thresholds))
        return [[span._replace(label=label_of[span.label]) for span in spans] for spans in found]
