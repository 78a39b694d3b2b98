"""`scrubber audit`: look at audit events, count them, verify them against the records, export them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from scrubber.cli.asking import config_to_ask
from scrubber.cli.audit_checks import Report, check_events, compare, lines_as_records, read_quarantined
from scrubber.cli.audit_events import AuditEvent, read_event, read_events
from scrubber.cli.exits import Exit
from scrubber.cli.standard import file_lines, refuse_unwritable
from scrubber.config import Config

_FILE = click.Path(path_type=Path, allow_dash=True)
_SOURCE = click.argument("source", metavar="[FILE]", required=False, type=_FILE)
_CONFIG = click.option("--config", "file", type=click.Path(path_type=Path), help="Configuration file: cluster, topics.")
_TOPICS = click.option("--topic", "topics", multiple=True, help="Audit topic. Left out: those of all routes.")
_WHAT = "the audit topic"


@click.group
def command() -> None:
    """Look at audit events, count them, verify them against the records, export them.

    Events come from FILE (one in a line, as `scrubber pipe --audit` writes them; `-` is standard input) or, without
    one, from the audit topics of the configuration. No event holds a value of a record, and nothing here shows one.
    """


@command.command
@_SOURCE
@_CONFIG
@_TOPICS
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0), help="How many events.")
@click.option("--follow", is_flag=True, help="Then show what comes, until interrupted (topics only).")
@click.option("--json", "as_json", is_flag=True, help="Whole events, one in a line.")
def tail(
    *, source: Path | None, file: Path | None, topics: tuple[str, ...], lines: int, follow: bool, as_json: bool
) -> int:
    """Show the last events: when, where, and what became of which label."""
    if follow and source is not None:
        raise click.UsageError("--follow is for topics")
    show = _show_json if as_json else _show
    for line in deque(_last(source, file, topics, lines), maxlen=lines):
        show(line)
    if follow:
        from scrubber.stream import reading  # noqa: PLC0415 - a file needs no Kafka client

        config = _config(file)
        with suppress(BrokenPipeError):
            for record in reading.follow(config.stream, _named(config, topics), what=_WHAT):
                show(record.value or b"")
    return Exit.OK


@command.command
@_SOURCE
@_CONFIG
@_TOPICS
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def stats(*, source: Path | None, file: Path | None, topics: tuple[str, ...], as_json: bool) -> int:
    """Count events and redactions by label, action, detector, rule, policy and topic.

    Ends with 1 where lines are no events of this version.
    """
    counts = {name: Counter[str]() for name in ("label", "action", "detector", "rule", "policy", "topic")}
    events = redactions = unknown = 0
    first_ms, last_ms = None, None
    for event in read_events(_lines(source, file, topics)):
        if event is None:
            unknown += 1
            continue
        events += 1
        redactions += len(event.redactions)
        moment = event.source.timestamp_ms
        if moment > 0:
            first_ms, last_ms = min(first_ms or moment, moment), max(last_ms or moment, moment)
        counts["policy"][f"{event.policy.name} {event.policy.digest[:12]}"] += 1
        counts["topic"][event.source.topic] += 1
        for it in event.redactions:
            counts["label"][it.label] += 1
            counts["action"][it.action] += 1
            counts["detector"][it.detector] += 1
            counts["rule"][it.rule or "-"] += 1
    totals = {"events": events, "redactions": redactions, "not_events": unknown}
    times = {"first": _moment(first_ms), "last": _moment(last_ms)}
    if as_json:
        click.echo(orjson.dumps({**totals, **times, **{name: dict(it.most_common()) for name, it in counts.items()}}))
    else:
        _print_stats(totals | times, counts)
    return Exit.FAILED if unknown else Exit.OK


@command.command
@_SOURCE
@_CONFIG
@click.option("--raw", type=_FILE, help="The lines that `scrubber pipe` read.")
@click.option("--clean", type=_FILE, help="The lines that it wrote.")
@click.option("--quarantine", type=_FILE, help="What it put into its quarantine file.")
def verify(
    *, source: Path | None, file: Path | None, raw: Path | None, clean: Path | None, quarantine: Path | None
) -> int:
    """Verify events: their shape, that no two have the same coordinates, and that they fit the records.

    With --config the input topics are laid beside the clean topics; with --raw and --clean the lines of two files: each
    record that was changed must have its event, and each event its record. Ends with 1 where anything is wrong; of what
    is wrong only coordinates are shown.
    """
    if (raw is None) != (clean is None):
        raise click.UsageError("--raw and --clean belong together")
    report = Report()
    if source is not None:
        _verify_files(source, raw, clean, quarantine, report)
    else:
        from scrubber.cli.audit_topics import verify_topics  # noqa: PLC0415 - files need no Kafka client

        verify_topics(_config(file).stream, report)
    _print_report(report)
    return Exit.FAILED if report.problems else Exit.OK


@command.command
@_SOURCE
@_CONFIG
@_TOPICS
@click.option("--parquet", type=click.Path(path_type=Path), help="Write a Parquet file.")
@click.option("--duckdb", type=click.Path(path_type=Path), help="Write the table `redactions` into a DuckDB database.")
def export(
    *, source: Path | None, file: Path | None, topics: tuple[str, ...], parquet: Path | None, duckdb: Path | None
) -> int:
    """Export events for reports: one row for each redaction. Needs the extra scrubber[audit].

    Ends with 1 where lines are no events of this version; the others are exported.
    """
    target = parquet or duckdb
    if target is None or (parquet is not None and duckdb is not None):
        raise click.UsageError("give --parquet FILE or --duckdb FILE")
    refuse_unwritable({"--parquet": parquet, "--duckdb": duckdb})
    from scrubber.cli.audit_export import write  # noqa: PLC0415 - an optional extra

    rows, unknown = write(read_events(_lines(source, file, topics)), target, as_parquet=parquet is not None)
    click.echo(f"{rows} redactions" + (f", {unknown} lines are no events" if unknown else ""), err=True)
    return Exit.FAILED if unknown else Exit.OK


# --- where events come from -------------------------------------------------------------------------------------------


def _lines(source: Path | None, file: Path | None, topics: tuple[str, ...], last: int | None = None) -> Iterator[bytes]:
    if source is not None:
        yield from file_lines(source)
        return
    config = _config(file)
    from scrubber.stream import reading  # noqa: PLC0415 - a file needs no Kafka client

    for record in reading.records(config.stream, _named(config, topics), what=_WHAT, last=last):
        yield record.value or b""


def _last(source: Path | None, file: Path | None, topics: tuple[str, ...], count: int) -> Iterator[bytes]:
    """Yield the last events of a file, or, of all partitions, those that the source stamped last."""
    if source is not None:
        yield from (line for line in file_lines(source) if line.strip())
        return
    # Each transaction leaves a mark in every partition that it wrote to: twice as many offsets, and a few more.
    found = list(_lines(None, file, topics, last=2 * count + 10))
    yield from sorted(found, key=_stamp)


def _stamp(line: bytes) -> int:
    event = read_event(line)
    return event.source.timestamp_ms if event is not None else -1


def _config(file: Path | None) -> Config:
    if file is None:
        raise click.UsageError("nothing to read: give FILE or --config")
    return config_to_ask(file)


def _named(config: Config, topics: tuple[str, ...]) -> list[str]:
    """Return the topics that were named, or the audit topics of all routes that are on the cluster."""
    if topics:
        return list(topics)
    from scrubber.stream import reading  # noqa: PLC0415 - a file needs no Kafka client

    on_cluster, routes = reading.topic_names(config.stream), config.stream.routes
    return [topic for topic in on_cluster if any(route.writes(route.audit, topic) for route in routes)]


def _verify_files(source: Path, raw: Path | None, clean: Path | None, quarantine: Path | None, report: Report) -> None:
    from scrubber.cli.pipe import SOURCE  # noqa: PLC0415 - only here

    told = check_events(read_events(file_lines(source)), report)
    if raw is None or clean is None:
        return
    quarantined = read_quarantined(file_lines(quarantine), report) if quarantine is not None else set()
    before, after = (lines_as_records(file_lines(path), SOURCE) for path in (raw, clean))
    compare(before, after, quarantined, told, report)


# --- what is shown ----------------------------------------------------------------------------------------------------


def _show(line: bytes) -> None:
    event = read_event(line)
    click.echo(_summary(event) if event is not None else "not an audit event of this version")


def _show_json(line: bytes) -> None:
    click.echo(line.rstrip(b"\n"))


def _summary(event: AuditEvent) -> str:
    acted = Counter(f"{it.action} {it.label}" for it in event.redactions)
    told = ", ".join(f"{what} x{count}" if count > 1 else what for what, count in acted.items())
    return f"{_moment(event.source.timestamp_ms) or '-':<24}  {event.place}  {event.policy.name}  {told}"


def _moment(timestamp_ms: int | None) -> str | None:
    if timestamp_ms is None or timestamp_ms <= 0:
        return None
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _print_stats(totals: dict[str, Any], counts: dict[str, Counter[str]]) -> None:
    console = Console(highlight=False)
    for name, value in totals.items():
        console.print(f"{name.replace('_', ' '):<14}{f'{value:,}' if isinstance(value, int) else value or '-'}")
    for name, counter in counts.items():
        table = Table(name, "count", box=None, header_style="dim", padding=(0, 2, 0, 0))
        table.columns[1].justify = "right"
        for value, count in counter.most_common():
            table.add_row(value, f"{count:,}")
        console.print()
        console.print(table)


def _print_report(report: Report) -> None:
    for name, count in report.counts.items():
        print(f"{name:<30}{count:>12,}")
    print(f"{'problems':<30}{sum(report.problems.values()) or 'none':>12}")
    for problem, count in report.problems.items():
        shown = ", ".join(report.examples[problem])
        print(f"  {problem}: {count:,} ({shown}{', ...' if count > len(report.examples[problem]) else ''})")
