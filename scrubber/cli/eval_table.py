"""The scores of `scrubber eval` as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from scrubber.cli.evaluation import Result
from scrubber.core.scoring import Alarms, Estimate

_KINDS = ("strict", "relaxed", "character")
_MOST_LABELS = 30


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as a percentage without its sign; a dash where there is none."""
    return "-" if value is None else f"{100 * value:.{digits}f}"


def triple(scores: Mapping[str, Estimate] | Mapping[str, float | None], kind: str) -> str:
    """Return precision, recall and F1 of a kind, as percentages."""
    values = [scores.get(f"{kind}_{name}") for name in ("precision", "recall", "f1")]
    return " / ".join(percent(value.value if isinstance(value, Estimate) else value) for value in values)


def between(estimate: Estimate) -> str:
    """Return a value with its confidence interval, as percentages."""
    if estimate.low is None:
        return percent(estimate.value)
    return f"{percent(estimate.value)} [{percent(estimate.low)}, {percent(estimate.high)}]"


def all_alarms(results: Sequence[Result]) -> Alarms:
    """Return what was found in the unlabelled texts of all sets."""
    total = Alarms()
    for result in results:
        if result.alarms is not None:
            total = total.plus(result.alarms)
    return total


def show(console: Console, results: Sequence[Result]) -> None:
    """Print the tables that there is something to say in."""
    if any(result.scores is not None for result in results):
        console.print(_sets(results))
        console.print(_classes(results))
    if any(result.alarms is not None for result in results):
        console.print(_unlabelled(results))
        console.print(_labels(all_alarms(results)))


def _table(title: str, *columns: str, text_columns: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < text_columns else "right", overflow="fold")
    return table


def _sets(results: Sequence[Result]) -> Table:
    table = _table(
        "Labelled sets (%, P / R / F1, 95 % intervals)",
        *("set", "rows", "values", "leak rate", *_KINDS, "quarantined", "records/s"),
    )
    for result in results:
        if (scores := result.scores) is not None:
            table.add_row(
                result.name + (" (partial)" if scores.partial else ""),
                f"{scores.rows:,}",
                f"{scores.values:,}",
                between(scores.overall["leak_rate"]),
                *(triple(scores.overall, kind) for kind in _KINDS),
                str(scores.quarantined),
                f"{result.records_per_sec:,.0f}",
            )
    return table


def _classes(results: Sequence[Result]) -> Table:
    table = _table(
        "By class (%, P / R / F1)", "set", "class", "values", "leak rate", "false spans", *_KINDS[:2], text_columns=2
    )
    for result in results:
        if result.scores is not None:
            for coarse, scores in result.scores.by_class.items():
                counts = f"{scores['values']:,}", percent(scores["leak_rate"]), f"{scores['false_spans']:,}"
                table.add_row(result.name, coarse, *counts, *(triple(scores, kind) for kind in _KINDS[:2]))
    return table


def _unlabelled(results: Sequence[Result]) -> Table:
    table = _table("Unlabelled sets", "set", "rows", "bytes", "hits", "per 50 kB", "quarantined", "records/s")
    for result in results:
        if (alarms := result.alarms) is not None:
            hits = alarms.by_label.total()
            table.add_row(
                result.name,
                f"{alarms.rows:,}",
                f"{alarms.size_bytes:,}",
                f"{hits:,}",
                f"{alarms.per_50_kb(hits):.2f}",
                str(alarms.quarantined),
                f"{result.records_per_sec:,.0f}",
            )
    return table


def _labels(alarms: Alarms) -> Table:
    table = _table("Hits in unlabelled text, right or wrong", "label", "hits", "per 50 kB")
    for label, count in alarms.by_label.most_common(_MOST_LABELS):
        table.add_row(label, f"{count:,}", f"{alarms.per_50_kb(count):.3f}")
    return table
