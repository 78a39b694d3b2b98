"""`scrubber run` under observation: `python -m tests.bench.worker CONFIG [--identity] [--profile FILE]`.

`--identity` puts a scrub in its place that changes nothing, so that what is left is the stream room. The CPU time of
each of the three threads, and of the scrub processes, goes to the log four times a second; `--profile` takes a sample
of all stacks every 5 ms and writes the most frequent places at the end.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import ClassVar

import click
import orjson

from scrubber.cli import main, run
from scrubber.core.records import Chunk, Clean, ScrubbedChunk, at_once

STAGES = {"MainThread": "consume", "detect": "detect", "commit": "commit"}
SAMPLE_SECS = 0.005
FRAMES = 3


def untouched(chunk: Chunk) -> ScrubbedChunk:
    return ScrubbedChunk(chunk, [Clean(record.key, record.value, record.headers, None) for record in chunk.records])


class Identity:
    """In place of the scrub processes: every record as it came, and no audit event."""

    digests: ClassVar[dict[str, str]] = {}
    begin = staticmethod(at_once(untouched))

    def reload(self) -> None:
        pass


def children_cpu_secs() -> float:
    """CPU seconds of the processes that this one has started and that are there."""
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                ticks += sum(map(int, Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def report_cpu() -> None:
    """Write the CPU seconds of each stage's thread, for ever."""
    while True:
        spent = {}
        for thread in threading.enumerate():
            if thread.name in STAGES and thread.ident:
                with suppress(OSError):
                    spent[STAGES[thread.name]] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        spent["scrub processes"] = children_cpu_secs()
        sys.stderr.buffer.write(orjson.dumps({"event": "cpu", **spent}) + b"\n")
        sys.stderr.flush()
        time.sleep(0.25)


def sample_stacks(counts: dict[str, Counter[str]]) -> None:
    """Count where each stage's thread is, for ever."""
    while True:
        names = {thread.ident: STAGES.get(thread.name) for thread in threading.enumerate()}
        for ident, top in sys._current_frames().items():
            frame, places = top, []
            while frame is not None and len(places) < FRAMES:
                places.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}")
                frame = frame.f_back
            if stage := names.get(ident):
                counts.setdefault(stage, Counter())[" < ".join(places)] += 1
        time.sleep(SAMPLE_SECS)


@click.command
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--identity", "bare", is_flag=True)
@click.option("--profile", type=click.Path(path_type=Path))
def command(config: Path, *, bare: bool, profile: Path | None) -> int:
    if bare:
        run.scrub_processes = lambda _config, _telemetry: nullcontext(Identity())
    threading.Thread(target=report_cpu, daemon=True).start()
    counts: dict[str, Counter[str]] = {}
    if profile:
        threading.Thread(target=sample_stacks, args=[counts], daemon=True).start()
    code = main(["run", "--config", str(config)])
    if profile:
        table = [[stage, n, place] for stage, each in counts.items() for place, n in each.most_common(25)]
        profile.write_text("\n".join(f"{stage:8} {n:6} {place}" for stage, n, place in table))
    return code


if __name__ == "__main__":
    sys.exit(command(standalone_mode=False))
