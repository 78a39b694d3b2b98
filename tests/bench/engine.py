"""The engines against their oracles: `python -m tests.bench.engine [--model FOLDER] [--lines FILE] [--json FILE]`.

One run, one thread, CPU seconds, configurations in random order, medians. What is compared answers the same question:
same model, lines, labels and threshold. `--model scrubber/detect/embedded` is the model of the package (its int8 rows
are multiplied out first: the library cannot read them); without --model one of DeBERTa-v3-large's width with random
weights is built; without --lines, lines are made up. `--only` names the parts to run, `--smoke` runs everything once on
little, to see that it works. `--presidio FOLDER` adds Presidio with a GLiNER recogniser, in an environment that is made
below the folder, from the package registry.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from scrubber import Scrubber
from scrubber.core.labels import LABELS
from scrubber.detect.cache import CachedDetector, TemplateDetector
from scrubber.detect.detector import Plan
from scrubber.detect.files import WEIGHTS, first_of
from scrubber.detect.gliner.batch import Answer, Candidates
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.hub import locate
from scrubber.detect.models import load_model
from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.torch.weights import has_packed_rows
from scrubber.detect.tokens.loader import load_tokens
from scrubber.telemetry import CacheAsked
from tests.bench.engine_data import made_up_lines, save_large_gliner, save_large_tokens, save_unpacked
from tests.bench.engine_rival import Peer, presidio_environment

ASKED = tuple(LABELS)[:55]
THRESHOLD = 0.9  # on random weights a lower one drowns the decoders
PLAN = Plan(ASKED, (THRESHOLD,) * len(ASKED))

PARTS = ("end-to-end", "host", "caches", "memory", "tokens")

Run = Callable[[Sequence[str]], Any]
"""What is timed: reads texts. Where it returns a number, that is the CPU time that it took, seconds."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="a GLiNER checkpoint")
    parser.add_argument("--layers", type=int, default=6, help="layers of the random model (DeBERTa-v3-large has 24)")
    parser.add_argument("--lines", type=Path, help="a file of log lines")
    parser.add_argument("--count", type=int, default=64, help="lines in one repetition")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the results here, too")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--presidio", type=Path, metavar="FOLDER", help="for Presidio's virtual environment")
    args = parser.parse_args()
    if args.smoke:
        args.layers, args.count, args.repetitions = 1, 4, 1
    torch.set_num_threads(1)
    lines = args.lines.read_text("utf-8").splitlines() if args.lines else made_up_lines(200_000)
    bench = _Bench(lines, args.count, args.repetitions)
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or save_large_gliner(Path(folder) / "gliner", args.layers, lines[:5000])
        if has_packed_rows(first_of(model, WEIGHTS)):
            model = save_unpacked(model, Path(folder) / "unpacked")
        if "end-to-end" in args.only:
            bench.end_to_end(model)
        if "host" in args.only:
            bench.host_only(model)
        if "caches" in args.only:
            bench.templates(model)
        if "memory" in args.only:
            bench.memory(model, 2_000 if args.smoke else 200_000)
        if "tokens" in args.only:
            bench.tokens(save_large_tokens(Path(folder) / "tokens", 1 if args.smoke else 6, lines[:5000]))
        if args.presidio:
            bench.presidio(model, args.presidio)
    report = {"configuration": _configuration(args), "results": bench.results}
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


class _Bench:
    def __init__(self, lines: Sequence[str], count: int, repetitions: int) -> None:
        self._lines = lines
        self._count = count
        self._repetitions = repetitions
        self._console = Console()
        self.results: dict[str, Any] = {}

    def end_to_end(self, model: Path) -> None:
        """Our engine against the library's default and its best settings, at each precision."""
        library, half = _library(model), _library(model, "bf16")
        runs: dict[str, Run] = {"library, default (batch 8), fp32": lambda some: _infer(library, some, 8)}
        for name, loaded in (("fp32", library), ("bf16", half)):
            runs |= {f"library, batch {size}, sorted, {name}": _sorted_run(loaded, size) for size in (1, 8, 32)}
            runs[f"library, one by one, {name}"] = _one_by_one(loaded)
        for dtype in ("float32", "bfloat16"):
            engine = load_gliner(model, ModelOptions(dtype=dtype))
            runs[f"engine, {dtype}"] = _engine_run(engine)
        self._compare("GLiNER, end to end", runs)

    def host_only(self, model: Path) -> None:
        """What the host pays when the device costs nothing: this is what limits a GPU."""
        library = _library(model)
        engine = load_gliner(model, ModelOptions())
        warm = _engine_run(engine)
        with _free_forward_of_library(library), _free_forward_of_engine(engine):
            runs: dict[str, Run] = {
                f"library, batch {size}": (lambda some, size=size: _infer(library, some, size)) for size in (8, 32, 128)
            }
            runs["engine"] = warm
            self._compare("GLiNER, host only", runs, count=max(self._count, 128))

    def templates(self, model: Path) -> None:
        """The engine with and without memory of exact texts and of log templates, on lines in their order."""
        engine = load_gliner(model, ModelOptions())
        asked: dict[str, list[CacheAsked]] = {"exact": [], "templates": []}
        exact = CachedDetector(engine, 64 << 20, asked["exact"].append)
        templates = TemplateDetector(CachedDetector(engine, 64 << 20, asked["templates"].append))
        runs = {
            "engine": _engine_run(engine),
            "engine, exact cache": _engine_run(exact),
            "engine, template cache": _engine_run(templates),
        }
        self._compare("GLiNER, caches", runs)
        for name, calls in asked.items():
            share = sum(call.read for call in calls) / sum(call.texts for call in calls)
            self.results[f"share of lines read, {name}"] = share
            self._console.print(f"{name}: the model read {share:.1%} of the lines")

    def memory(self, model: Path, count: int) -> None:
        """Resident memory while distinct lines go through host stages and caches (the forward pass is left out)."""
        engine = load_gliner(model, ModelOptions())
        detector = TemplateDetector(CachedDetector(engine, 16 << 20))
        sizes = []
        with _free_forward_of_engine(engine):
            for start in range(0, count, max(1, count // 20)):
                chunk = [f"{self._lines[at % len(self._lines)]} line{at}x" for at in range(start, start + count // 20)]
                detector.detect(chunk, PLAN)
                sizes.append(_resident_mib())
        self.results["memory"] = {"lines": count, "resident_mib": sizes}
        self._console.print(f"memory over {count} distinct lines, MiB: {sizes[0]:.0f} ... {sizes[-1]:.0f}")

    def tokens(self, model: Path) -> None:
        """The token engine against transformers' pipeline."""
        from transformers import pipeline

        oracle = pipeline("token-classification", model=str(model), aggregation_strategy="simple", device="cpu")
        runs: dict[str, Run] = {
            f"pipeline, batch {size}": (lambda some, size=size: oracle(list(some), batch_size=size))
            for size in (1, 8, 32)
        }
        for dtype in ("float32", "bfloat16"):
            runs[f"engine, {dtype}"] = _engine_run(load_tokens(model, ModelOptions(dtype=dtype)))
        self._compare("token classification", runs)

    def presidio(self, model: Path, folder: Path) -> None:
        """Our engine, and scrubber as `scrubber run` sets it up, against Presidio with the same model and labels."""
        python = presidio_environment(folder)
        with Peer(python, "recogniser", model, ASKED) as alone, Peer(python, "documented", model, ASKED) as documented:
            runs: dict[str, Run] = {
                "Presidio, as documented": documented.cpu_secs,
                "Presidio, its GLiNERRecognizer alone": alone.cpu_secs,
            }
            for dtype in ("float32", "bfloat16"):
                runs[f"engine, {dtype}, same labels"] = _engine_run(load_gliner(model, ModelOptions(dtype=dtype)))
            detector = load_model(locate(str(model)), ModelOptions("auto", "auto"), asks_all=False)
            runs["scrubber: policy logs, rules, model, verification"] = Scrubber("logs", model=detector).scrub_many
            self._compare("against Presidio", runs)

    def _compare(self, title: str, runs: dict[str, Run], count: int | None = None) -> None:
        count = count or self._count
        spent: dict[str, list[float]] = {name: [] for name in runs}
        for repetition in range(self._repetitions + 1):
            start = repetition * count % max(1, len(self._lines) - count)
            some = self._lines[start : start + count]
            for name in random.sample(list(runs), len(runs)):
                before = time.process_time()
                told = runs[name](some)
                secs = told if isinstance(told, float) else time.process_time() - before
                if repetition:  # the first one warms up
                    spent[name].append(secs / len(some) * 1000)
        medians = {name: statistics.median(times) for name, times in spent.items()}
        first = next(iter(medians.values()))
        table = Table(title=f"{title} ({count} lines x {self._repetitions})")
        for column in ("configuration", "CPU ms/line", "min", "max", "x first"):
            table.add_column(column, justify="left" if column == "configuration" else "right")
        for name, median in medians.items():
            row = (median, min(spent[name]), max(spent[name]))
            table.add_row(name, *(f"{value:.3f}" for value in row), f"{first / median:.2f}")
        self._console.print(table)
        self.results[title] = {name: {"ms_per_line": spent[name], "median": medians[name]} for name in runs}


def _library(model: Path, dtype: str | None = None) -> Any:
    from gliner import GLiNER

    return GLiNER.from_pretrained(str(model), local_files_only=True, dtype=dtype).eval()


def _infer(library: Any, lines: Sequence[str], batch_size: int) -> Any:
    return library.inference(list(lines), list(ASKED), threshold=THRESHOLD, batch_size=batch_size)


def _sorted_run(library: Any, batch_size: int) -> Run:
    return lambda lines: _infer(library, sorted(lines, key=len), batch_size)


def _one_by_one(library: Any) -> Run:
    return lambda lines: [library.predict_entities(line, list(ASKED), threshold=THRESHOLD) for line in lines]


def _engine_run(engine: Any) -> Run:
    return lambda lines: engine.detect(lines, PLAN)


@contextmanager
def _free_forward_of_library(library: Any) -> Any:
    """Let the network answer at once: no span is likely."""

    def forward(input_ids: Any, text_lengths: Any, **_: Any) -> Any:
        from gliner.modeling.outputs import GLiNERBaseOutput

        words = int(text_lengths.max())
        shape = len(input_ids), words, library.config.max_width, len(ASKED)
        return GLiNERBaseOutput(logits=torch.full((1, 1, 1, 1), -9.0).expand(shape))

    original, library.model.forward = library.model.forward, forward
    try:
        yield
    finally:
        library.model.forward = original


@contextmanager
def _free_forward_of_engine(engine: Any) -> Any:
    """Let the network answer at once: no span is likely."""
    none = np.zeros(0, np.int64)
    nothing = Candidates(none, none, none, none, np.zeros(0, np.float32))

    class Pending:
        def result(self) -> Answer:
            return Answer(nothing, copy_secs=0.0, forward_secs=0.0)

    original, engine._model.submit = engine._model.submit, lambda batch, question: Pending()
    try:
        yield
    finally:
        engine._model.submit = original


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _configuration(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "command": " ".join(sys.argv[1:]),
        "cpu": torch.cpu.get_capabilities().get("cpu_name"),
        "amx": bool(torch.cpu.get_capabilities().get("amx_bf16")),
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "labels": len(ASKED),
        "layers": None if args.model else args.layers,
    }


if __name__ == "__main__":
    main()
