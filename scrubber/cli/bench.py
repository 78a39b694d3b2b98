"""`scrubber bench`: what this machine does with a model, measured beside computed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import TextIO

import click

from scrubber.cli.model import engine_name, show
from scrubber.cli.samples import samples
from scrubber.config.policies import read_policy
from scrubber.core.keys import NO_KEYS
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner.loader import ON_ONNXRUNTIME
from scrubber.detect.hub import locate
from scrubber.detect.models import load_model
from scrubber.detect.options import DTYPES, ModelOptions
from scrubber.detect.roofline import CARDS, Line, best_lines_per_second, prompt_share, work
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.sparing import SparingDetector, found_by_rules
from scrubber.telemetry import Happening, ModelLoaded, ModelRan


@click.group
def command() -> None:
    """Measure what runs here."""


@command.command
@click.argument("path")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:<n>.")
@click.option("--dtype", default="auto", type=click.Choice(DTYPES), help="Number format of the forward pass.")
@click.option("--lines", type=click.File(encoding="utf-8"), help="Log lines, one a line. Default: made-up ones.")
@click.option("--policy", default="logs", show_default=True, metavar="NAME|FILE", help="Whose labels are asked for.")
@click.option("--count", default=2000, show_default=True, type=click.IntRange(min=1), help="Lines to read.")
def engine(path: str, *, device: str, dtype: str, lines: TextIO | None, policy: str, count: int) -> None:
    """Measure a GLiNER model on this machine, beside what its arithmetic costs.

    Lines a second are measured, without a cache and with the labels that a worker asks for (`model.labels: auto`);
    operations are computed from the shape of the model.
    """
    plan = read_policy(policy, NO_KEYS).plan()
    located = locate(path)
    checkpoint = Checkpoint(located.folder)
    texts = [line.rstrip("\n") for line in islice(lines, count)] if lines else [each.text for each in samples(count)]
    seen: list[Happening] = []
    model = load_model(located, ModelOptions(device, dtype), observe=seen.append)
    detector = SparingDetector(model, found_by_rules(builtin_rules()))
    labels = len(detector.asked(plan).labels)
    detector.detect(texts[: len(texts) // 10 + 1], plan)
    start = time.perf_counter()
    detector.detect(texts, plan)
    seconds = time.perf_counter() - start
    (loaded,) = [happening for happening in seen if isinstance(happening, ModelLoaded)]
    rows = [("engine", engine_name(loaded.engine, loaded.reason)), ("device", f"{loaded.device}, {loaded.dtype}")]
    show([*rows, ("measured", f"{len(texts) / seconds:,.0f} lines a second ({len(texts)} lines, {labels} labels)")])
    runs = [happening for happening in seen if isinstance(happening, ModelRan)]
    if runs:
        show(_computed(runs[-1], checkpoint, labels, seconds, _peak(loaded)))


def _peak(loaded: ModelLoaded) -> float | None:
    """What the device reaches at best, in TFLOP/s, measured; None where another runtime than torch computes."""
    if loaded.reason == ON_ONNXRUNTIME:
        return None
    from scrubber.detect.runtime.torch.peak import peak_flops  # noqa: PLC0415 - torch is an optional extra

    return peak_flops(ModelOptions(loaded.device, loaded.dtype)) / 1e12


def _computed(
    run: ModelRan, checkpoint: Checkpoint, labels: int, seconds: float, peak: float | None
) -> Iterator[tuple[str, str]]:
    """Stages of the run, its arithmetic by the roofline's formulas, and what cards could do at best."""
    spent = [f"{stage} {seconds / run.texts * 1e6:,.0f} us" for stage, seconds in run.stages().items()]
    yield "stages", ", ".join(spent) + " a line"
    yield "tokens", f"{run.tokens / seconds:,.0f} a second, {1 - run.tokens / run.padded_tokens:.1%} of them padding"
    line = Line(
        prompt_tokens=run.prompt_tokens,
        text_tokens=run.tokens // run.windows - run.prompt_tokens,
        words=run.words // run.windows,
        labels=labels,
    )
    cost = work(line, checkpoint.config, checkpoint.encoder_config, checkpoint.config.get("max_width", 12)).gflop
    yield "computed", f"{cost:.1f} GFLOP a line, {prompt_share(line):.0%} of its tokens are labels"
    reached = cost * run.windows / run.forward_secs / 1e3
    share = "" if peak is None else f", {reached / peak:.0%} of the {peak:.3f} that products of matrices reach here"
    yield "reached", f"{reached:.3f} TFLOP a second in the forward pass{share}"
    for card in CARDS:
        yield card.name, f"at most {best_lines_per_second(card, cost):,.0f} lines a second by its data sheet (fp16)"
