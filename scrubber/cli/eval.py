"""`scrubber eval`: how well a policy, with or without a model, does on labelled data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import orjson
import yaml
from rich.console import Console

from scrubber.cli.choices import Choice
from scrubber.cli.eval_data import read_label_map, read_sets
from scrubber.cli.eval_page import page
from scrubber.cli.eval_table import show
from scrubber.cli.evaluation import FLOOR, Evaluator, Result, Weighed, weigh
from scrubber.cli.exits import Exit
from scrubber.cli.options import with_choice
from scrubber.cli.standard import refuse_unwritable
from scrubber.cli.wiring import open_detectors, single_policy_engine
from scrubber.core.scoring import Alarms
from scrubber.core.tuning import Proposal, Target
from scrubber.errors import ConfigError, Problem
from scrubber.policies import PRESETS

_FILE = click.Path(path_type=Path)
_TABLE_WIDTH = 150  # columns, also where the output is no terminal: half a number is none


def _target(_context: click.Context, _option: click.Parameter, value: str) -> Target:
    """Return the target that `leak=0.02` or `precision=0.95` names."""
    measure, _, share = value.partition("=")
    try:
        number = float(share)
    except ValueError:
        number = -1.0
    if measure not in ("leak", "precision") or not 0 <= number <= 1:
        raise click.BadParameter("leak=0.02 or precision=0.95 is expected (a share, 0 to 1)")
    return Target("leak" if measure == "leak" else "precision", number)


@click.command
@with_choice
@click.argument("data", nargs=-1, required=True, type=_FILE)
@click.option("--labelmap", type=_FILE, help="Classes of the data's labels (JSON). Left out: the data has our labels.")
@click.option("--json", "json_file", type=_FILE, help="Write the scores to this file.")
@click.option("--html", "html_file", type=_FILE, help="Write a report with plots to this file.")
@click.option("--show-text", is_flag=True, help="Show missed values in the report as they are.")
@click.option("--tune", type=_FILE, help="Write a policy with the thresholds that reach the target to this file.")
@click.option("--target", callback=_target, default="leak=0.02", show_default=True, help="Or precision=SHARE.")
@click.option("--seed", default=0, show_default=True, help="Draws the confidence intervals.")
def command(
    *,
    choice: Choice,
    data: tuple[Path, ...],
    labelmap: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    show_text: bool,
    tune: Path | None,
    target: Target,
    seed: int,
) -> int:
    """Score what is masked in DATA against what is labelled there.

    DATA: JSON lines {"text", "spans": [{"start", "end", "label"}]}, positions in code points; "source" chooses the
    labels of the label map (left out: the name of the file), "partial": true says that not everything is labelled
    (recall only), no "spans" that nothing is (hits are counted). docs/EVALUATION.md tells what the scores mean.
    """
    refuse_unwritable({"--json": json_file, "--html": html_file, "--tune": tune})
    labels = read_label_map(labelmap)
    sets = read_sets(data, labels)
    weighed = None
    with open_detectors(choice.model) as detectors:
        engine = single_policy_engine(choice.policy, detectors, rules=choice.rules, keys=choice.keys)
        evaluator = Evaluator(engine, labels, seed)
        results = [evaluator.result(some) for some in sets]
        if tune is not None or html_file is not None:
            lowered = choice.policy.at_threshold(FLOOR)
            engine = single_policy_engine(lowered, detectors, rules=choice.rules, keys=choice.keys)
            weighed = weigh(Evaluator(engine, labels, seed), sets, target if tune is not None else None)
        models = [f"{each.name} {each.revision}".strip() for each in (detector.describe() for detector in detectors)]
    about = {
        "policy": choice.policy.name,
        "policy_digest": choice.policy.digest,
        "rules": len(choice.rules),
        "models": models,
        "seed": seed,
    }
    console = Console()
    show(Console(width=max(console.width, _TABLE_WIDTH)), results)
    if weighed is not None and tune is not None:
        _write(tune, "--tune", _tuned(choice.policy.name, target, weighed.proposals).encode())
    if json_file is not None:
        _write(json_file, "--json", _as_json(about, results, weighed))
    if html_file is not None:
        _write(html_file, "--html", page(about, results, weighed, show_text=show_text).encode())
    return Exit.OK


def _as_json(about: Mapping[str, Any], results: Sequence[Result], weighed: Weighed | None) -> bytes:
    sets = {result.name: _set(result) for result in results}
    tuned = [proposal._asdict() for proposal in weighed.proposals] if weighed is not None else []
    document = {**about, "sets": sets, **({"proposals": tuned} if tuned else {})}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _set(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {"records_per_sec": result.records_per_sec}
    if result.scores is not None:
        scores = result.scores
        entry |= {"rows": scores.rows, "values": scores.values, "partial": scores.partial}
        entry |= {"quarantined": scores.quarantined}
        entry["overall"] = {name: estimate._asdict() for name, estimate in scores.overall.items()}
        entry |= {"by_class": scores.by_class, "confusion": scores.confusion}
    if result.alarms is not None:
        entry["unlabelled"] = _alarms(result.alarms)
    return entry


def _alarms(alarms: Alarms) -> dict[str, Any]:
    counted = {
        label: {"hits": count, "per_50_kb": round(alarms.per_50_kb(count), 4)}
        for label, count in alarms.by_label.most_common()
    }
    return {
        "rows": alarms.rows,
        "bytes": alarms.size_bytes,
        "quarantined": alarms.quarantined,
        "by_label": counted,
        "by_rule": dict(alarms.by_rule.most_common()),
    }


def _tuned(policy: str, target: Target, proposals: Sequence[Proposal]) -> str:
    """Return a policy file with the proposed thresholds, and beside each what it gives.

    A threshold that does not reach the target is a comment: somebody has to choose it.
    """
    lines = [
        f"# Thresholds proposed by `scrubber eval --tune` for {target.measure}={target.value:g}, from {FLOOR:g} up.",
        "# Judge them on data that they were not made from.",
    ]
    head: dict[str, Any] = {"version": 1, "name": f"{policy}-tuned"[:64]}
    if policy in PRESETS:
        head["extends"] = policy
    else:
        lines.append(f"# Copy the labels into your policy {policy}: only presets can be extended.")
    lines.append(yaml.safe_dump(head, sort_keys=False).rstrip())
    usable = any(proposal.reached for proposal in proposals)
    lines.append("labels:" if usable else "labels: {}  # nothing reaches the target, or there is too little data")
    for label, threshold, gives, support, reached in proposals:
        reading = f"{target.measure} {gives:.3f} of {support}{'' if reached else ': the nearest to the target'}"
        lines.append(f"{'' if reached else '#'}  {label}: {{threshold: {threshold:g}}}  # {reading}")
    return "\n".join(lines) + "\n"


def _write(file: Path, option: str, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ConfigError([Problem(option, f"{file}: {error.strerror}")]) from None
