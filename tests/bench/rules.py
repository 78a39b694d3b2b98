"""The path of a text alone, one thread: `python -m tests.bench.rules [--model MODEL] [--lines FILE ...]`.

What `Scrubber.scrub_many` of the Python API and the scrub processes of a worker have in common: all rules, redaction by
the preset `logs`, and the second scan of what changed, over batches as large as both take them, with garbage collected
as there. CPU seconds, no wall clock, each kind of text several times, the best of them. Texts are made up
(`log_lines.py`), one in four with a hit; `--lines` adds a file of real ones. `--model` adds a model, as `scrubber run`
has it; all texts went through it once before, so that what is measured is what texts cost that it knows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scrubber.api import BATCH_TEXTS
from scrubber.cli import garbage
from scrubber.core.quarantine import Quarantine
from scrubber.detect.detector import Detector
from scrubber.detect.hub import locate
from scrubber.detect.models import load_model, on_device, usual_memory
from scrubber.detect.options import ModelOptions
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.texts import TextPipeline
from scrubber.policies import load_policy
from scrubber.telemetry import TextsScrubbed
from tests.bench.log_lines import log_lines

BYTES = 3_000_000
SIZES = (300, 1_000, 5_000)
STAGES = ("rules", "model", "redact", "verify")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=Path, nargs="*", default=[], help="files with one text a line")
    parser.add_argument("--model", help="a folder, or `embedded`")
    parser.add_argument("--repetitions", type=int, default=7)
    args = parser.parse_args()
    kinds: dict[str, list[bytes]] = {
        f"JSON, {size} B": list(log_lines(BYTES // size, size=size, seed=size)) for size in SIZES
    }
    kinds |= {file.name: [line for line in file.read_bytes().splitlines() if line] for file in args.lines}
    bench = _Bench(_detectors(args.model))
    for texts in kinds.values():  # engines build what they need as they meet new text
        bench.scrub(texts)
    garbage.leave_alone()
    title = f"rules and {args.model or 'no model'}: CPU, and how the clock divides into stages (us a text)"
    table = Table("", "texts", "us a text", "texts/s", "MB/s", *STAGES, title=title, title_justify="left")
    for kind, texts in kinds.items():
        table.add_row(kind, f"{len(texts):,}", *bench.measure(texts, args.repetitions))
    Console().print(table)


def _detectors(name: str | None) -> list[Detector]:
    if name is None:
        return []
    model = load_model(locate(name), ModelOptions("cpu", "auto"), asks_all=False)
    return [on_device(model, memory=usual_memory(name))]


class _Bench:
    def __init__(self, detectors: Sequence[Detector]) -> None:
        policy = load_policy("logs")
        pipeline = TextPipeline(ready_tier(builtin_rules()), detectors, observe=self._note)
        self._scrubber = Scrubber(pipeline, lambda _topic: policy, quarantine=Quarantine())
        self._stages = dict.fromkeys(STAGES, 0.0)

    def scrub(self, texts: Sequence[bytes]) -> float:
        """Scrub all `texts`; return CPU seconds."""
        started = time.process_time()
        for start in range(0, len(texts), BATCH_TEXTS):
            self._scrubber.scrub_texts(texts[start : start + BATCH_TEXTS])
        return time.process_time() - started

    def measure(self, texts: Sequence[bytes], repetitions: int) -> list[str]:
        """The best of the repetitions, and how its wall clock divides into stages."""
        best, stages = float("inf"), dict(self._stages)
        for _ in range(repetitions):
            self._stages = dict.fromkeys(STAGES, 0.0)
            secs = self.scrub(texts)
            if secs < best:
                best, stages = secs, dict(self._stages)
        total, count = sum(map(len, texts)), len(texts)
        rates = (f"{best / count * 1e6:.1f}", f"{count / best:,.0f}", f"{total / best / 1e6:.1f}")
        return [*rates, *(f"{stages[stage] / count * 1e6:.1f}" for stage in STAGES)]

    def _note(self, told: TextsScrubbed) -> None:
        for stage in STAGES:
            self._stages[stage] += getattr(told, f"{stage}_secs")


if __name__ == "__main__":
    main()
