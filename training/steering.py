"""Is the prompt read? `python -m training.steering MODEL_FOLDER`: recall by spelling of the label, on held-out templates.

For each label: recall with the canonical name, and with a paraphrase that training never showed. (A label that is not in
the prompt cannot be answered: GLiNER scores prompt entries only.)
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from training import labels
from training.sample import draw_text
from training.score import Model
from training.text import Text

MIN_VALUES = 20


def recall(model: Model, texts: list[Text], label: str, spelling: str, threshold: float) -> float:
    """Share of the values of `label` that are found, character for character, when it is asked for as `spelling`."""
    others = [other for other in labels.LABELS[:: len(labels.LABELS) // 12] if other != label]
    model.prompt = (*others[:6], spelling, *others[6:])
    found = model.spans([t.text for t in texts], threshold)
    wanted = hit = 0
    for text, spans in zip(texts, found, strict=True):
        said = {(a, b) for a, b, name, _ in spans if name == spelling}
        values = [(s.start, s.end) for s in text.spans if s.label == label]
        wanted += len(values)
        hit += sum(v in said for v in values)
    return hit / wanted


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--texts", type=int, default=4000, help="held-out texts to draw")
    parser.add_argument("--each", type=int, default=60, help="texts a label")
    parser.add_argument("--threshold", type=float, default=0.4)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = Model(args.model)
    pool = [draw_text(2, i, held_out=True) for i in range(args.texts)]
    kept: list[tuple[float, float]] = []
    for label in labels.LABELS:
        texts = [t for t in pool if any(s.label == label for s in t.spans)][: args.each]
        if sum(s.label == label for t in texts for s in t.spans) < MIN_VALUES:
            continue
        known = recall(model, texts, label, label, args.threshold)
        unseen = recall(model, texts, label, labels.PARAPHRASES[label][-1], args.threshold)
        kept.append((known, unseen))
        sys.stdout.write(
            json.dumps({"label": label, "recall": round(known, 3), "recall_unseen_spelling": round(unseen, 3)}) + "\n"
        )
    ratio = sum(u for _, u in kept) / max(sum(k for k, _ in kept), 1e-9)
    sys.stdout.write(json.dumps({"labels": len(kept), "kept_of_recall": round(ratio, 3)}) + "\n")


if __name__ == "__main__":
    main()
