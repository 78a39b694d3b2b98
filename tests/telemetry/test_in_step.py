"""Documents, alerts and dashboard speak of the metrics of the catalogue, and of all of them."""

import json
import re

import pytest

from scrubber.telemetry.catalogue import CATALOGUE
from scrubber.telemetry.metrics import Metrics
from scrubber.telemetry.reference import reference
from tests.telemetry.happened import EVERYTHING
from tests.telemetry.observability import DASHBOARD, ROOT, alerts, dashboard, panels, series_of

METRICS = (ROOT / "docs/METRICS.md").read_text()
OF_PROMETHEUS = {"job", "instance", "le"}


def known():
    """Every series name that can be asked for, and its labels."""
    processes = ("process_cpu_seconds_total", "process_resident_memory_bytes")
    names = {begin + name: OF_PROMETHEUS for begin in ("", "scrub_") for name in processes}
    for metric in CATALOGUE:
        ends = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        names.update({metric.name + end: {*metric.labels, *OF_PROMETHEUS} for end in ends})
    return names


def test_the_table_in_the_document_is_the_catalogue():
    """After a change: `python -m scrubber.telemetry.reference` between the two comments."""
    table = METRICS.partition("<!-- python -m scrubber.telemetry.reference -->\n")[2].partition("<!-- end -->")[0]
    assert table == reference()


def test_the_document_names_every_alert_and_no_other():
    section = METRICS.partition("## Alerts")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [alert.title for alert in alerts()]


@pytest.mark.parametrize("query", [*alerts(), *dashboard()], ids=lambda query: query.title)
def test_every_query_asks_for_metrics_and_labels_that_exist(query):
    asked = list(series_of(query.expression))
    assert asked
    for name, labels in asked:
        assert name in known(), name
        assert set(labels) <= known()[name], (name, labels)
    for grouped in re.findall(r"\b(?:by|without) \(([^)]*)\)", query.expression):
        labels = {label.strip() for label in grouped.split(",")}
        assert labels <= set.union(*(known()[name] for name, _ in asked)), grouped


def test_every_metric_is_on_the_dashboard():
    shown = {name for query in dashboard() for name, _ in series_of(query.expression)}
    assert [each.name for each in CATALOGUE if not {each.name, f"{each.name}_bucket", f"{each.name}_sum"} & shown] == []


def test_the_dashboard_is_one_that_grafana_can_draw():
    board = json.loads(DASHBOARD.read_text())
    assert board["uid"] == "scrubber"
    assert len({panel["id"] for panel in panels()}) == len(panels())
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["description"]
    variables = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", " ".join(query.expression for query in dashboard())))
    assert {name for name in used if not name.startswith("__")} <= variables


def test_the_number_of_series_is_bounded_as_the_document_says():
    metrics = Metrics("1")
    for happening in EVERYTHING:
        metrics.emit(happening)
    series = [sample for family in metrics.registry.collect() for sample in family.samples]
    assert len([sample for sample in series if sample.name.startswith("scrubber_")]) < 260
