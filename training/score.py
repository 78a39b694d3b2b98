"""Leak rate of a checkpoint alone, without rules: `python -m training.score MODEL_FOLDER DATA.jsonl... --labelmap FILE`.

Leak: the share of core values of which at least one character stays unmasked, whatever label masked the rest.
Precision: of the masked characters outside soft values, the share inside core values (not for partial sets).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from gliner import GLiNER

from training import labels, network
from training.network import Encoder, Network
from training.sample import MAX_WORDS, WORD, Sample

# What a policy for logs leaves alone; these are not asked for.
NOT_ASKED: Final = frozenset(
    {
        "occupation", "time", "date", "date_time", "age", "unique_id", "language", "education_level", "employment_status",
        "company_name", "country", "state", "county", "city", "url",
    }
)  # fmt: skip
PROMPT: Final = tuple(label for label in labels.LABELS if label not in NOT_ASKED)
OVERLAP: Final = 32


class Model:
    """A checkpoint with its prompt."""

    def __init__(self, folder: Path, prompt: tuple[str, ...] = PROMPT) -> None:
        self.gliner = GLiNER.from_pretrained(str(folder), local_files_only=True)
        self.encoder, self.net, self.prompt = Encoder(self.gliner), Network(self.gliner).eval(), prompt

    @torch.no_grad()
    def spans(self, texts: list[str], threshold: float) -> list[list[tuple[int, int, str, float]]]:
        """Per text its spans (start, end, label, score), overlaps resolved in favour of the better score."""
        pieces = [(i, found) for i, text in enumerate(texts) for found in _windows(text)]
        rows = [
            (
                i,
                found,
                self.encoder.row(
                    Sample([texts[i][a:b] for a, b in found], [labels.worded(each) for each in self.prompt])
                ),
            )
            for i, found in pieces
        ]
        rows.sort(key=lambda r: len(r[2].ids))
        result: list[list[tuple[int, int, str, float]]] = [[] for _ in texts]
        for start in range(0, len(rows), 16):
            part = rows[start : start + 16]
            batch = network.collate([row for _, _, row in part])
            scores = self.net(batch).float().sigmoid() * batch["weight"]
            for (index, found, row), score in zip(part, scores, strict=True):
                kept = [w for w, (a, b) in enumerate(found) if self.encoder.ids(texts[index][a:b])][: len(row.words)]
                candidates = [(score[tuple(c)].item(), *c) for c in (score > threshold).nonzero().tolist()]
                taken: list[tuple[int, int]] = []
                for value, first, width, label in sorted(candidates, key=lambda c: -c[0]):
                    last = first + width
                    if all(last < a or first > b for a, b in taken):
                        taken.append((first, last))
                        result[index].append((found[kept[first]][0], found[kept[last]][1], self.prompt[label], value))
        return result


def _windows(text: str) -> Iterator[list[tuple[int, int]]]:
    words = [(m.start(), m.end()) for m in WORD.finditer(text)]
    step = MAX_WORDS // 2 - OVERLAP
    for start in range(0, max(1, len(words) - OVERLAP), step):
        yield words[start : start + step + OVERLAP]


def masked(text: str, spans: list[tuple[int, int, str, float]]) -> list[bool]:
    """Which characters are masked; the gap between two neighbouring names or address parts is masked too."""
    cover = [False] * len(text)
    end = -1
    for start, stop, _, _ in sorted(spans):
        joined = 0 <= end < start and start - end <= 2 and not any(c.isalnum() for c in text[end:start])
        for i in range(end if joined else start, stop):
            cover[i] = True
        end = max(end, stop)
    return cover


def score(rows: list[dict[str, Any]], model: Model, classes: dict[str, Any], threshold: float) -> dict[str, Any]:
    """Leak rate by class, and character precision, of one set."""
    leaked: dict[str, list[int]] = {}
    right = wrong = 0
    for row, spans in zip(rows, model.spans([r["text"] for r in rows], threshold), strict=True):
        cover = masked(row["text"], spans)
        kinds = classes["map"][row["source"]]
        free = [True] * len(cover)
        for gold in row["spans"]:
            kind = kinds.get(gold["label"], "OTHER")
            inside = range(gold["start"], gold["end"])
            if kind in classes["core"]:
                leaked.setdefault(kind, []).append(int(not all(cover[i] for i in inside)))
                right += sum(cover[i] for i in inside)
            for i in inside:
                free[i] = False
        wrong += sum(c and f for c, f in zip(cover, free, strict=True))
    every = [x for values in leaked.values() for x in values]
    by_class = {
        k: [round(100 * sum(v) / len(v), 1), len(v)] for k, v in sorted(leaked.items(), key=lambda kv: -len(kv[1]))
    }
    precision = None if rows[0]["partial"] else round(100 * right / max(right + wrong, 1), 1)
    return {"rows": len(rows), "values": len(every), "leak_percent": round(100 * sum(every) / max(len(every), 1), 1), "char_precision": precision, "leak_by_class": by_class}  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--labelmap", type=Path, required=True)
    parser.add_argument("--threshold", type=float, default=0.4)
    parser.add_argument("--rows", type=int, default=0, help="a fixed random sample of so many rows a set; 0: all")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = Model(args.model)
    classes = json.loads(args.labelmap.read_text(encoding="utf-8"))
    for path in args.data:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows = [r for r in rows if r["text"].strip()]
        if args.rows and len(rows) > args.rows:
            rows = Random(0).sample(rows, args.rows)
        sys.stdout.write(json.dumps({"set": path.stem, **score(rows, model, classes, args.threshold)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
