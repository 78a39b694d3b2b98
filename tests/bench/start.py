"""How long a command takes to its first answer: `python -m tests.bench.start [--python PYTHON]`.

One line of text through `scrubber detect`, with and without the embedded model; first with an empty cache folder, as on
a machine that has never seen scrubber, then as every other time. Seconds by the clock, from nothing to the end of the
process, and of the processor. `--python` is the interpreter of another environment: one without torch, say, as
`uv sync --no-dev` makes it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from statistics import median

from rich.console import Console
from rich.table import Table

LINE = b"user Ann Smith from 192.0.2.7 mail ann@mail.example\n"
COMMANDS = {"rules and embedded model": ["detect"], "rules alone": ["detect", "--rules-only"]}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    table = Table("", "start", "s (median)", "all", "CPU s (median)")
    for name, command in COMMANDS.items():
        starts: dict[str, list[tuple[float, float]]] = {"first": [], "later": []}
        for _ in range(options.repetitions):
            with tempfile.TemporaryDirectory() as cache:
                for start in starts.values():
                    start.append(_start([options.python, "-m", "scrubber.cli", *command], cache))
        for which, start in starts.items():
            clock, processor = zip(*start, strict=True)
            every = " ".join(f"{secs:.2f}" for secs in clock)
            table.add_row(name, which, f"{median(clock):.2f}", every, f"{median(processor):.2f}")
    Console().print(table)


def _start(command: list[str], cache: str) -> tuple[float, float]:
    """Return how long a command takes: by the clock, and of the processor."""
    before, began = _processor_secs(), time.perf_counter()
    done = subprocess.run(
        command, input=LINE, capture_output=True, check=True, env=os.environ | {"XDG_CACHE_HOME": cache}
    )
    took = time.perf_counter() - began
    assert b'"ipv4"' in done.stdout, "Nothing was found."
    return took, _processor_secs() - before


def _processor_secs() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
