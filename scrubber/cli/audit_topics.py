"""Audit topics laid beside the topics that their events tell of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scrubber.cli.audit_checks import Report, check_events, compare, read_quarantined
from scrubber.cli.audit_events import read_events
from scrubber.errors import FatalStreamError
from scrubber.stream import reading
from scrubber.stream.clients import hidden_topics
from scrubber.stream.replay import envelopes
from scrubber.stream.routes import RouteTable
from scrubber.stream.settings import Route, StreamSettings


def verify_topics(settings: StreamSettings, report: Report) -> None:
    """Verify all routes that are on the cluster. Raises FatalStreamError.

    Where a worker goes on meanwhile, what it does then is left out: the clean topics end where they ended first, and
    what tells of them is read after that.
    """
    on_cluster = reading.topic_names(settings)
    read = inputs(settings.routes, on_cluster)
    outputs = {topic: RouteTable(settings.routes).outputs(topic) for topic in read}
    cleans = [each.clean for each in outputs.values()]
    shared = {name for name in cleans if cleans.count(name) > 1}
    if shared:
        raise FatalStreamError(f"{min(shared)} takes the records of several topics: their order cannot be told apart")
    present = {topic: each for topic, each in outputs.items() if {each.clean, each.audit} <= set(on_cluster)}
    ends = {topic: reading.ends(settings, each.clean) for topic, each in present.items()}
    quarantines = sorted({each.quarantine for each in present.values()} & set(on_cluster))
    quarantined = read_quarantined(envelopes(settings, quarantines), report)
    audits = sorted({each.audit for each in present.values()})
    events = (record.value or b"" for record in reading.records(settings, audits, what="the audit topic"))
    told = check_events(read_events(events), report)
    for topic, each in present.items():
        for partition, end in sorted(ends[topic].items()):
            source = reading.records_before(settings, topic, partition)
            clean = reading.records_before(settings, each.clean, partition, end)
            compare(source, clean, quarantined, told, report)
            report.counts["partitions"] += 1


def inputs(routes: Sequence[Route], on_cluster: Iterable[str]) -> list[str]:
    """Return the topics that a worker reads: those of the routes that are not hidden from its consumer."""
    hidden = [re.compile(shape) for shape in hidden_topics(routes)]
    return [
        topic
        for topic in on_cluster
        if any(route.matches(topic) for route in routes) and not any(shape.match(topic) for shape in hidden)
    ]
