"""What the template cache saves, and what it changes: `python -m tests.bench.templates FILE...`.

A file is log lines, one a line, or JSON objects with a "text". The model is asked as `scrubber run` asks it for the
policy `logs`. For each file: the share of lines that the model has to read, with a memory of exact texts and of
templates (whole file, then its second half alone, when the memory is warm); how many of a random sample get the same
findings raw and with their digits made equal; and the CPU time of a line, for the first `--timed` lines in chunks of
500, with a memory of exact texts and of templates that is empty at first. The last row is all files, a line of each in
turn.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from scrubber.core.normalise import normalise
from scrubber.core.spans import Span
from scrubber.detect.cache import CachedDetector, TemplateDetector
from scrubber.detect.detector import Detector, Plan
from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.models import load_model
from scrubber.detect.options import ModelOptions
from scrubber.policies import load_policy

_CHUNK = 500


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--model", default=EMBEDDED, help="a folder; left out: the model of the package")
    parser.add_argument("--limit", type=int, default=20_000, help="lines of each file")
    parser.add_argument("--sample", type=int, default=200, help="lines of each file that the model reads twice")
    parser.add_argument("--timed", type=int, default=0, help="lines of each file that are timed")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_model(locate(args.model), ModelOptions("auto", "auto"), asks_all=False)
    plan = load_policy("logs").plan()
    files = {file.stem: lines_of(file)[: args.limit] for file in args.files}
    in_turn = zip_longest(*files.values())
    files["all"] = [line for lines in in_turn for line in lines if line is not None]
    timed = dict.fromkeys(files, args.timed) | {"all": args.timed * len(args.files)}
    results = {name: _measure(lines, args.sample, timed[name], detector, plan) for name, lines in files.items()}
    table = Table(title=f"{len(plan.labels)} labels")
    for column in ("set", *next(iter(results.values()))):
        table.add_column(column, justify="left" if column == "set" else "right")
    for name, row in results.items():
        shown = (f"{value:.1%}" if isinstance(value, float) else str(value) for value in row.values())
        table.add_row(name.removeprefix("logs_"), *shown)
    Console(width=190).print(table)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


def _measure(lines: Sequence[str], sample: int, timed: int, engine: Detector, plan: Plan) -> dict[str, Any]:
    templates = [normalise(line) for line in lines]
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
        **_timed(lines[:timed], engine, plan),
    }


def _timed(lines: Sequence[str], engine: Detector, plan: Plan) -> dict[str, str]:
    """Return the CPU milliseconds of a line with each memory, and their ratio."""
    if not lines:
        return {}
    exact, templates = (CachedDetector(engine, 64 << 20) for _ in range(2))
    ways = {"ms, exact": exact, "ms, templates": TemplateDetector(templates)}
    spent = dict.fromkeys(ways, 0.0)
    engine.detect(lines[:_CHUNK], plan)
    for start in range(0, len(lines), _CHUNK):
        for name, detector in ways.items():
            before = time.process_time()
            detector.detect(lines[start : start + _CHUNK], plan)
            spent[name] += (time.process_time() - before) / len(lines) * 1000
    slow, fast = spent.values()
    return {name: f"{value:.2f}" for name, value in spent.items()} | {"times": f"{slow / fast:.1f}"}


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
