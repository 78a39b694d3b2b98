"""What the template cache saves, and what it changes: `python -m tests.bench.templates --model FOLDER FILE...`.

A file is log lines, one a line, or JSON objects with a "text". For each: the share of lines that the model has to
read, with a memory of exact texts and of templates (whole file, then its second half alone, when the memory is warm);
and on a random sample, how many lines get the same findings raw and with their digits made equal.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from scrubber.core.labels import DEFAULT_OFF, LABELS
from scrubber.core.normalise import normalise
from scrubber.core.spans import Span
from scrubber.detect.cache import TemplateDetector
from scrubber.detect.detector import Plan
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.options import ModelOptions

ASKED = tuple(label for label in LABELS if label not in DEFAULT_OFF)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--limit", type=int, default=20_000, help="lines of each file")
    parser.add_argument("--sample", type=int, default=200, help="lines of each file that the model reads twice")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    engine = load_gliner(args.model, ModelOptions())
    plan = Plan(ASKED, (args.threshold,) * len(ASKED))
    results = {file.stem: _measure(lines_of(file)[: args.limit], args.sample, engine, plan) for file in args.files}
    table = Table(title=f"{len(ASKED)} labels, threshold {args.threshold}")
    for column in ("set", *next(iter(results.values()))):
        table.add_column(column, justify="left" if column == "set" else "right")
    for name, row in results.items():
        shown = (f"{value:.1%}" if isinstance(value, float) else str(value) for value in row.values())
        table.add_row(name.removeprefix("logs_"), *shown)
    Console(width=150).print(table)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


def _measure(lines: Sequence[str], sample: int, engine: Any, plan: Plan) -> dict[str, Any]:
    templates = [normalise(line)[0] for line in lines]
    some = random.Random(9).sample(list(lines), min(sample, len(lines)))
    raw = engine.detect(some, plan)
    made_equal = TemplateDetector(engine).detect(some, plan)
    found = [(_places(before), _places(after)) for before, after in zip(raw, made_equal, strict=True)]
    return {
        "lines": len(lines),
        "read, exact": _read(lines),
        "read, templates": _read(templates),
        "2nd half, exact": _read(lines, len(lines) // 2),
        "2nd half, templates": _read(templates, len(lines) // 2),
        "sampled": len(some),
        "lines alike": sum(before == after for before, after in found) / max(1, len(found)),
        "findings raw": sum(len(before) for before, _ in found),
        "of them kept": sum(_touched(before, after) for before, after in found),
        "findings new": sum(len(after) - _touched(after, before) for before, after in found),
    }


def _read(texts: Sequence[str], start: int = 0) -> float:
    """The share of texts from `start` on that were not seen before."""
    seen = set(texts[:start])
    new = 0
    for text in texts[start:]:
        new += text not in seen
        seen.add(text)
    return new / max(1, len(texts) - start)


def _places(spans: Iterable[Span]) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.label) for span in spans}


def _touched(places: set[tuple[int, int, str]], others: set[tuple[int, int, str]]) -> int:
    """How many of `places` some other of the same label overlaps: a grown edge is no disagreement."""
    return sum(
        any(label == name and start < end_ and start_ < end for start_, end_, name in others)
        for start, end, label in places
    )


def lines_of(file: Path) -> list[str]:
    """Return the texts of a file: log lines that are not blank, or the "text" of JSON objects."""
    lines = [line for line in file.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    if file.suffix in {".jsonl", ".ndjson"} or (lines[:1] and lines[0].startswith('{"id"')):
        return [json.loads(line)["text"] for line in lines]
    return lines


if __name__ == "__main__":
    main()
