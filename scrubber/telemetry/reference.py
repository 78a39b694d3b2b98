"""The catalogue as Markdown: `python -m scrubber.telemetry.reference` makes the table of `docs/METRICS.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from scrubber.telemetry.catalogue import GROUPS, Metric


def reference() -> str:
    """Return one table for each group of metrics."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for title, metrics in GROUPS.items():
        yield from (f"### {title}", "", "| metric | kind | labels | meaning |", "|---|---|---|---|")
        yield from map(_row, metrics)
        yield ""


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
