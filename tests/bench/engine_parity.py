"""Where answers differ: `python -m tests.bench.engine_parity [--model FOLDER] FILE...`.

Two comparisons on random texts of each file, both with the thresholds that hold in production: our engine in float32
with the gliner library, and our engine in bfloat16 with itself in float32. Every difference is listed by place and
label, with the score of the span and its distance to the threshold; no text is printed.

A span that only one of two has is "near" where the other has nothing in its place: then its score fell short there. It
is "moved" where the other has a span that overlaps it: then two candidates changed their order, however far both are
from the threshold.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table

from scrubber.core.labels import DEFAULT_OFF, LABELS
from scrubber.core.spans import Span
from scrubber.detect.calibration import THRESHOLDS
from scrubber.detect.detector import Description, Detector, Plan
from scrubber.detect.files import read_json
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.gliner_library import GlinerLibraryDetector
from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.options import ModelOptions
from tests.bench.templates import lines_of

SMALL = 100
"""Sets of fewer texts are one row together."""

Answers = list[list[Span]]


class Difference(NamedTuple):
    """A span that only one of two has; `distance` is that of its score to its threshold."""

    set: str
    text: int
    start: int
    end: int
    label: str
    only_in: str
    score: float
    distance: float
    cause: str


class Compared(NamedTuple):
    """What two answers to the same texts have in common, and what not."""

    spans: int
    differences: list[Difference]
    score_drift: float


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="log lines, one a line, or JSON objects with a text")
    parser.add_argument("--model", default=EMBEDDED, help="a folder, or the embedded model")
    parser.add_argument("--threshold", type=float, default=0.5, help="where the model has no thresholds of its own")
    parser.add_argument("--sample", type=int, default=200, help="texts of each file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the results here, too")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    located = locate(args.model)
    plan = _plan(located.folder, args.threshold)
    library = GlinerLibraryDetector(Checkpoint(located.folder), Description("library", "", ""), ModelOptions())
    exact, half = (load_gliner(located.folder, ModelOptions(dtype=dtype)) for dtype in ("float32", "bfloat16"))
    rows: dict[str, _Row] = defaultdict(_Row)
    for file in args.files:
        lines = lines_of(file)
        texts = random.Random(5).sample(lines, min(args.sample, len(lines)))
        name = file.stem.removeprefix("logs_") if len(texts) >= min(SMALL, args.sample) else "small sets"
        rows[name].add(file.stem, texts, plan, [library, exact, half])
    _show(rows, f"{located.name} {located.revision}, {len(plan.labels)} labels")
    if args.json:
        report = {name: row._asdict() for name, row in rows.items()}
        args.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


class _Row:
    def __init__(self) -> None:
        self.texts = 0
        self.library: list[Compared] = []
        self.half: list[Compared] = []

    def add(self, name: str, texts: Sequence[str], plan: Plan, detectors: Sequence[Detector]) -> None:
        library, exact, half = (detector.detect(texts, plan) for detector in detectors)
        self.texts += len(texts)
        self.library.append(compared(name, plan, ("library", library), ("float32", exact)))
        self.half.append(compared(name, plan, ("float32", exact), ("bfloat16", half)))

    def _asdict(self) -> dict[str, Any]:
        both = {"library": self.library, "bfloat16": self.half}
        return {"texts": self.texts} | {
            name: [each._asdict() | {"differences": [d._asdict() for d in each.differences]} for each in of]
            for name, of in both.items()
        }


def compared(name: str, plan: Plan, some: tuple[str, Answers], others: tuple[str, Answers]) -> Compared:
    """Compare two named answers to the texts of the set `name`."""
    thresholds = dict(zip(plan.labels, plan.thresholds, strict=True))
    differences: list[Difference] = []
    spans, drift = 0, 0.0
    for text, (one, other) in enumerate(zip(some[1], others[1], strict=True)):
        scores, rivals = ({span[:3]: span.score for span in answer} for answer in (one, other))
        spans += len(scores)
        drift = max([drift, *(abs(scores[place] - rivals[place]) for place in scores.keys() & rivals.keys())])
        for who, mine, theirs in ((some[0], one, rivals), (others[0], other, scores)):
            for span in mine:
                if span[:3] not in theirs:
                    moved = any(start < span.end and span.start < end for start, end, _ in theirs)
                    distance = span.score - thresholds[span.label]
                    cause = "moved" if moved else "near"
                    differences.append(Difference(name, text, *span[:3], who, span.score, distance, cause))
    return Compared(spans, differences, drift)


def _plan(folder: Path, threshold: float) -> Plan:
    labels = tuple(label for label in LABELS if label not in DEFAULT_OFF)
    if not (folder / THRESHOLDS).is_file():
        return Plan(labels, (threshold,) * len(labels))
    known = read_json(folder / THRESHOLDS)
    return Plan(labels, tuple(known["labels"].get(label, known["default"]) for label in labels))


def _show(rows: dict[str, _Row], title: str) -> None:
    console = Console(width=170)
    table = Table(title=title)
    library = "texts", "spans", "differ from library", "scores, most"
    columns = *library, "bf16: near", "distance, most", "moved", "scores, most"
    for column in ("set", *columns):
        table.add_column(column, justify="left" if column == "set" else "right")
    for name, row in rows.items():
        table.add_row(name, *_cells(row))
    everything = _Row()
    everything.texts = sum(row.texts for row in rows.values())
    everything.library = [each for row in rows.values() for each in row.library]
    everything.half = [each for row in rows.values() for each in row.half]
    table.add_row("all", *_cells(everything))
    console.print(table)
    for difference in sorted({d for each in (*everything.library, *everything.half) for d in each.differences}):
        console.print(
            f"{difference.set} #{difference.text} {difference.start}-{difference.end} {difference.label}:"
            f" only {difference.only_in}, {difference.score:.4f}, {difference.distance:.4f} above, {difference.cause}",
            highlight=False,
        )


def _cells(row: _Row) -> Iterator[str]:
    differences = [difference for each in row.half for difference in each.differences]
    near = [difference.distance for difference in differences if difference.cause == "near"]
    yield str(row.texts)
    yield str(sum(each.spans for each in row.library))
    yield str(sum(len(each.differences) for each in row.library))
    yield f"{max(each.score_drift for each in row.library):.0e}"
    yield str(len(near))
    yield f"{max(near):.4f}" if near else ""
    yield str(len(differences) - len(near))
    yield f"{max(each.score_drift for each in row.half):.4f}"


if __name__ == "__main__":
    main()
