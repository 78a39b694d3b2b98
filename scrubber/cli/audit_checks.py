"""What must hold between audit events and the records that they tell of. Only coordinates are ever told, never a value.

    1. Every line is an event of the published shape, its spans in order.
    2. No two events have the same coordinates.
    3. Every record that was changed on its way has its event.
    4. Every event has its record in the clean topic.
    5. No record is as it was although its event says that something in it became longer or shorter.
    6. Each record of the source is once in clean or once in quarantine, in order.

A clean record does not say which record it was: the two topics keep partition and order, so their records are laid side
by side, those in quarantine left out, and their timestamps must agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scrubber.cli.audit_events import AuditEvent, Place, ordered
from scrubber.core.quarantine import EnvelopeError, read_envelope
from scrubber.core.records import Headers, Record
from scrubber.detect.pipeline import MODEL_HEADER, POLICY_HEADER

NO_EVENT = "not an audit event of this version"
DISORDER = "spans out of order"
TWICE = "coordinates twice"
UNTOLD = "changed without an event"
UNCHANGED = "unchanged in spite of its event"
NO_RECORD = "an event without a clean record"
NO_ENVELOPE = "not a quarantine envelope of this version"
ASTRAY = "clean records do not follow those of the source"
TOO_MANY = "more clean records than source records"

Told = dict[Place, bool]
"""Where the records of events are, and whether the event says that the record has another length."""

_EXAMPLES = 3


@dataclass
class Report:
    """What was counted, and what is wrong, with a few coordinates each."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, problem: str, where: object) -> None:
        """Note a problem."""
        self.problems[problem] += 1
        known = self.examples.setdefault(problem, [])
        if len(known) < _EXAMPLES:
            known.append(str(where))


def check_events(events: Iterable[AuditEvent | None], report: Report) -> Told:
    """Check the events by themselves, and return what they tell."""
    told: Told = {}
    for number, event in enumerate(events, start=1):
        report.counts["events"] += 1
        if event is None:
            report.wrong(NO_EVENT, f"event {number}")
            continue
        report.counts["redactions"] += len(event.redactions)
        if not ordered(event):
            report.wrong(DISORDER, event.place)
        if event.place in told:
            report.wrong(TWICE, event.place)
        told[event.place] = any(it.end - it.start != it.out_end - it.out_start for it in event.redactions)
    return told


def read_quarantined(envelopes: Iterable[bytes], report: Report) -> set[Place]:
    """Return where the quarantined records are."""
    places: set[Place] = set()
    for number, text in enumerate(envelopes, start=1):
        try:
            source = read_envelope(text).source
        except EnvelopeError:
            report.wrong(NO_ENVELOPE, f"envelope {number}")
            continue
        places.add(Place(source.topic, source.partition, source.offset))
    return places


def compare(
    source: Iterable[Record], clean: Iterable[Record], quarantined: set[Place], told: Told, report: Report
) -> None:
    """Lay the records of one partition side by side. `told` are all events; those of other partitions do not matter.

    A worker may go on meanwhile: `clean` ends where it ended before `quarantined` and `told` were read.
    """
    following = iter(clean)
    where: tuple[str, int] | None = None
    first = 0
    matched: set[int] = set()
    for record in source:
        if where is None:
            where, first = (record.topic, record.partition), record.offset
        place = Place(record.topic, record.partition, record.offset)
        if place in quarantined:
            report.counts["quarantined records"] += 1
            continue
        written = next(following, None)
        if written is None:
            report.counts["records not scrubbed yet"] += 1
            continue
        if 0 < record.timestamp_ms != written.timestamp_ms:
            report.wrong(ASTRAY, place)
            return
        matched.add(record.offset)
        _judge(record, written, place, told, report)
    if next(following, None) is not None:
        report.wrong(TOO_MANY, "at the end" if where is None else f"{where[0]}[{where[1]}]")
    last = max(matched, default=-1)
    for place in sorted(told):
        if (place.topic, place.partition) == where and first <= place.offset <= last and place.offset not in matched:
            report.wrong(NO_RECORD, place)


def _judge(record: Record, written: Record, place: Place, told: Told, report: Report) -> None:
    report.counts["clean records"] += 1
    changed = _content(record) != _content(written)
    if place in told:
        report.counts["clean records with an event"] += 1
        if told[place] and not changed:
            report.wrong(UNCHANGED, place)
    elif changed:
        report.wrong(UNTOLD, place)


def _content(record: Record) -> tuple[bytes, bytes, Headers]:
    headers = [header for header in record.headers or () if header[0] not in (POLICY_HEADER, MODEL_HEADER)]
    return record.key or b"", record.value or b"", headers


def lines_as_records(lines: Iterable[bytes], topic: str) -> Iterator[Record]:
    """Yield the lines of a file as `scrubber pipe` counts them."""
    for offset, line in enumerate(lines):
        yield Record(topic, 0, offset, -1, None, line.removesuffix(b"\n"), None)
