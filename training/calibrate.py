"""Thresholds per label from held-out generated texts: `python -m training.calibrate MODEL_FOLDER` writes thresholds.json beside the weights.

For each label the threshold with the best F2 (recall weighs twice: a leak costs more than a word masked for nothing), or
a higher one where that lets more than two false words through in a thousand lines of machines. A word counts once, however
many lines have it: the lines of one template are one observation. Between 0.4 and 0.85, so that a small sample cannot push
it to an extreme. Outside data plays no part in it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

from training import labels
from training.sample import MACHINES, draw_text

STEPS: Final = tuple(round(0.4 + 0.05 * i, 2) for i in range(10))
DEFAULT: Final = 0.4
MIN_VALUES: Final = 20
NOISE: Final = 0.002  # false words of one label a machine line


def best_threshold(hits: list[float], false_alarms: list[float], wanted: int) -> float:
    """The step with the best F2, given the scores of right and wrong spans and how many values there are."""

    def f2(threshold: float) -> float:
        right = sum(s > threshold for s in hits)
        wrong = sum(s > threshold for s in false_alarms)
        return 5 * right / (5 * right + 4 * (wanted - right) + wrong) if right else 0.0

    return max(STEPS, key=lambda t: (round(f2(t), 3), -abs(t - DEFAULT)))


def quiet_threshold(false_alarms: Collection[float], lines: int) -> float:
    """The lowest step at which there are no more different false words of this label than is tolerated in so many lines."""
    for step in STEPS:
        if sum(s > step for s in false_alarms) <= NOISE * lines:
            return step
    return STEPS[-1]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=int, default=3000)
    args = parser.parse_args()
    import torch  # noqa: PLC0415  the choice of thresholds needs no model

    from training.score import Model  # noqa: PLC0415

    torch.set_num_threads(1)
    model = Model(args.model)
    texts = [draw_text(4, i, held_out=True) for i in range(args.texts)]
    found = model.spans([t.text for t in texts], STEPS[0])
    hits: dict[str, list[float]] = {label: [] for label in labels.LABELS}
    false_alarms: dict[str, list[float]] = {label: [] for label in labels.LABELS}
    noise: dict[str, dict[str, float]] = {label: {} for label in labels.LABELS}  # the best score of each word
    wanted = dict.fromkeys(labels.LABELS, 0)
    lines = 0
    for text, spans in zip(texts, found, strict=True):
        right = {(s.start, s.end, s.label) for s in text.spans}
        valued = [(s.start, s.end) for s in (*text.spans, *text.undecided)]
        lines += text.domain in MACHINES
        for _, _, label in right:
            wanted[label] += 1
        for start, end, label, score in spans:
            (hits if (start, end, label) in right else false_alarms)[label].append(score)
            if text.domain in MACHINES and all(end <= a or b <= start for a, b in valued):
                word = text.text[start:end].lower()
                noise[label][word] = max(score, noise[label].get(word, 0.0))
    chosen = {
        label: max(
            best_threshold(hits[label], false_alarms[label], wanted[label]),
            quiet_threshold(noise[label].values(), lines),
        )
        for label in model.prompt
        if wanted[label] >= MIN_VALUES
    }
    chosen |= {
        label: max(quiet_threshold(noise[label].values(), lines), DEFAULT)
        for label in model.prompt
        if label not in chosen
    }
    (args.model / "thresholds.json").write_text(
        json.dumps({"default": DEFAULT, "labels": chosen}, indent=2) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
