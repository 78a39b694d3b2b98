"""Thresholds per label from held-out generated texts: `python -m training.calibrate MODEL_FOLDER` writes thresholds.json beside the weights.

For each label the threshold with the best F2 (recall weighs twice: a leak costs more than a word masked for nothing),
between 0.2 and 0.8 so that a small sample cannot push it to an extreme. Labels that machine lines tempt to stay at the
default or above: the held-out texts have too few of those lines to judge by. Outside data plays no part in it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from training import labels
from training.sample import TEMPTING, draw_text

STEPS: Final = tuple(round(0.2 + 0.05 * i, 2) for i in range(13))
DEFAULT: Final = 0.4
MIN_VALUES: Final = 20


def best_threshold(hits: list[float], false_alarms: list[float], wanted: int) -> float:
    """The step with the best F2, given the scores of right and wrong spans and how many values there are."""

    def f2(threshold: float) -> float:
        right = sum(s > threshold for s in hits)
        wrong = sum(s > threshold for s in false_alarms)
        return 5 * right / (5 * right + 4 * (wanted - right) + wrong) if right else 0.0

    return max(STEPS, key=lambda t: (round(f2(t), 3), -abs(t - DEFAULT)))


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
    wanted = dict.fromkeys(labels.LABELS, 0)
    for text, spans in zip(texts, found, strict=True):
        right = {(s.start, s.end, s.label) for s in text.spans}
        for _, _, label in right:
            wanted[label] += 1
        for start, end, label, score in spans:
            (hits if (start, end, label) in right else false_alarms)[label].append(score)
    chosen = {
        label: max(best_threshold(hits[label], false_alarms[label], wanted[label]), DEFAULT if label in TEMPTING else 0)
        for label in model.prompt
        if wanted[label] >= MIN_VALUES
    }
    (args.model / "thresholds.json").write_text(
        json.dumps({"default": DEFAULT, "labels": chosen}, indent=2) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
