"""The report of `scrubber eval` as one HTML page: no script, nothing fetched, everything from the data escaped.

Missed values are shown as their shape (`Xxxx-99`), and nothing around them, unless whoever asks wants the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from scrubber.cli.eval_plots import Line, plot
from scrubber.cli.eval_table import all_alarms, between, percent, triple
from scrubber.cli.evaluation import Miss, Result, Weighed
from scrubber.cli.explanations import visible
from scrubber.core.scoring import MISSED, NOTHING, Alarms
from scrubber.core.tuning import Point

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>scrubber: evaluation</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 78rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-top: 1px solid #8886; padding-top: 0.8rem; margin-top: 2rem; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.1rem 0.7rem; white-space: nowrap; }
th:first-child, td:first-child, td.text { text-align: left; }
tbody tr:nth-child(even) { background: #8881; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
td.text mark { background: #f48fb1; color: #111; border-radius: 3px; }
div.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; flex: 1 1 28rem; max-width: 36rem; }
svg { width: 100%; font-size: 11px; } svg text { fill: currentColor; } svg .grid { stroke: #8884; }
figcaption span { margin-left: 0.8rem; white-space: nowrap; }
figcaption i { display: inline-block; width: 0.8rem; height: 0.8rem; border-radius: 3px; margin-right: 0.3rem; }
</style>
</head>
<body>
<h1>Evaluation</h1>
"""
_KINDS = ("strict", "relaxed", "character")


def page(about: Mapping[str, Any], results: Sequence[Result], weighed: Weighed | None, *, show_text: bool) -> str:
    """Return the page."""
    models = ", ".join(about["models"]) or "no model"
    what = f"policy {about['policy']} ({about['policy_digest'][:12]}), {about['rules']} rules, {models}"
    labelled = [result for result in results if result.scores is not None]
    parts = [_HEAD, f"<p>{escape(what)}. Shares are percentages; intervals hold 95 % (bootstrap over rows).</p>\n"]
    if labelled:
        parts += ["<h2>Labelled sets</h2>\n", _sets(labelled)]
        if weighed is not None:
            parts += ["<h2>Thresholds</h2>\n", _plots(weighed.curves)]
        parts += ["<h2>By class</h2>\n", _classes(labelled), "<h2>Confusion</h2>\n", *_confusions(labelled)]
        parts += ["<h2>Worst misses</h2>\n", *_misses(labelled, show_text=show_text)]
    alarms = all_alarms(results)
    if alarms.rows:
        parts += ["<h2>Hits in unlabelled text</h2>\n", _alarms(alarms)]
    return "".join([*parts, "</body>\n</html>\n"])


def _sets(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        assert result.scores is not None, "A set without scores among the labelled. This is a bug."
        overall = result.scores.overall
        row = [result.name + (" (partial)" if result.scores.partial else ""), f"{result.scores.rows:,}"]
        row += [f"{result.scores.values:,}", between(overall["leak_rate"]), *(triple(overall, kind) for kind in _KINDS)]
        rows.append([*row, str(result.scores.quarantined), f"{result.records_per_sec:,.0f}"])
    kinds = (f"{kind} P / R / F1" for kind in _KINDS)
    return _table(("set", "rows", "values", "leak rate", *kinds, "quarantined", "records/s"), rows)


def _classes(results: Sequence[Result]) -> str:
    rows = [
        [
            result.name,
            coarse,
            f"{scores['values']:,}",
            percent(scores["leak_rate"]),
            f"{scores['false_spans']:,}",
            *(triple(scores, kind) for kind in _KINDS[:2]),
        ]
        for result in results
        if result.scores is not None
        for coarse, scores in result.scores.by_class.items()
    ]
    return _table(
        ("set", "class", "values", "leak rate", "false spans", "strict P / R / F1", "relaxed P / R / F1"), rows
    )


def _plots(curves: Mapping[str, Sequence[Point]]) -> str:
    """Plot what each threshold for all labels would give."""
    precision: dict[str, Line] = {}
    leak: dict[str, Line] = {}
    for name, points in curves.items():
        precision[name] = [
            (point.recall, point.precision, f"{name}: threshold {point.threshold:g}")
            for point in points
            if point.precision is not None
        ]
        leak[name] = [(point.threshold, point.leak_rate, f"{name}: {point.leak_rate:.1%}") for point in points]
    return (
        '<div class="plots">'
        + plot("Precision and recall by character", "recall %", "precision %", precision)
        + plot("Leak rate by threshold", "threshold %", "leak rate %", leak)
        + "</div>\n<p>One threshold for all labels, from the lowest score that occurs to the highest.</p>\n"
    )


def _confusions(results: Sequence[Result]) -> Iterator[str]:
    yield "<p>Rows: what the data says. Columns: the class of the span that shares most with it.</p>\n"
    for result in results:
        assert result.scores is not None, "A set without scores among the labelled. This is a bug."
        confusion = result.scores.confusion
        columns = [MISSED, *sorted({found for row in confusion.values() for found in row} - {MISSED})]
        yield f"<h3>{escape(result.name)}</h3>\n"
        yield _raw_table(("", *columns), (_confusion_row(given, row, columns) for given, row in confusion.items()))


def _confusion_row(given: str, row: Mapping[str, int], columns: Sequence[str]) -> str:
    total = sum(row.values())
    cells = []
    for found in columns:
        count = row.get(found, 0)
        hue = 140 if found == given else 0
        shade = f' style="background:hsl({hue} 70% 50% / {0.6 * count / total:.2f})"' if count else ""
        cells.append(f"<td{shade}>{f'{count:,}' if count else ''}</td>")
    return f"<td>{escape('nothing labelled' if given == NOTHING else given)}</td>{''.join(cells)}"


def _misses(results: Sequence[Result], *, show_text: bool) -> Iterator[str]:
    shown = "as they are" if show_text else "as their shape"
    yield f"<p>A few values of each class with most characters left unmasked, {shown}.</p>\n"
    for result in results:
        if result.misses:
            yield f"<h3>{escape(result.name)}</h3>\n"
            head = ("class", "label", "line", "characters left", "value")
            yield _raw_table(head, (_miss(miss, show_text=show_text) for miss in result.misses))


def _miss(miss: Miss, *, show_text: bool) -> str:
    told = f"<mark>{_shown(miss.value if show_text else shape(miss.value))}</mark>"
    if show_text:
        told = f"{_shown(miss.before)}{told}{_shown(miss.after)}"
    cells = (miss.coarse, miss.label, f"{miss.line:,}", f"{miss.left} of {len(miss.value)}")
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells) + f'<td class="text">{told}</td>'


def shape(value: str) -> str:
    """Return what kinds of characters a value has, and none of its letters and digits."""
    return "".join(
        "9" if char.isdigit() else ("X" if char.isupper() else "x") if char.isalpha() else "." for char in value
    )


def _alarms(alarms: Alarms) -> str:
    rows = [
        [kind, name, f"{count:,}", f"{alarms.per_50_kb(count):.3f}"]
        for kind, counter in (("label", alarms.by_label), ("rule", alarms.by_rule))
        for name, count in counter.most_common(40)
    ]
    told = f"<p>{alarms.rows:,} rows, {alarms.size_bytes:,} bytes. Nobody has said which of these are right.</p>\n"
    return told + _table(("", "name", "hits", "per 50 kB"), rows)


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    return _raw_table(head, ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows))


def _raw_table(head: Iterable[str], rows: Iterable[str]) -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f'<div class="wide"><table><thead><tr>{names}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n'


def _shown(text: str) -> str:
    return escape(visible(text))
