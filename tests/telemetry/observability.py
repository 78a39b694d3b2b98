"""The alert rules and the dashboard that users get, and the metrics that they ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "helm/scrubber/files/alerts.yaml"
DASHBOARD = ROOT / "helm/scrubber/files/dashboard.json"
_SERIES = re.compile(r"\b((?:scrubber|process)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


class Query(NamedTuple):
    """Where a query stands, and what it says."""

    title: str
    expression: str


def alerts() -> list[Query]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [Query(rule["alert"], rule["expr"]) for group in groups for rule in group["rules"]]


def panels() -> list[dict]:
    return json.loads(DASHBOARD.read_text())["panels"]


def dashboard() -> list[Query]:
    return [Query(panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", ())]


def series_of(expression: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each series that a query names, and the labels that it is chosen by."""
    for match in _SERIES.finditer(expression):
        yield match[1], _MATCHER.findall(match[2] or "")
