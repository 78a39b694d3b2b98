"""What it costs to be observed: `python -m tests.bench.observed [--chunks N]`.

The worker's own path for each chunk (scrub by rules, make messages, report the commit) in one thread and without Kafka,
so that the share of metrics and traces is larger here than in a worker. The variants take turns, chunk by chunk, in one
process; what counts is the processor time of the process, so that the exporter's thread is in it.

    silent    nobody listens, nothing is counted
    log       as `scrubber run` at level info: happenings are made and the log leaves them out
    metrics   and health: `http.enabled`
    traces    and a trace for each chunk, every record with a `traceparent` header of its own
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import click
import structlog
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Headers, Partition, Record
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.texts import TextPipeline
from scrubber.policies import load_policy
from scrubber.stream.outbox import Outbox
from scrubber.stream.routes import RouteTable
from scrubber.stream.settings import Route
from scrubber.stream.sink import report
from scrubber.telemetry import ChunkScrubbed, Fanout, LogTelemetry
from scrubber.telemetry.health import Health
from scrubber.telemetry.metrics import Metrics
from scrubber.telemetry.settings import TracingSettings
from scrubber.telemetry.tracing import Tracing
from tests.bench.log_lines import log_lines

CHUNK_RECORDS = 10_000
PARTITIONS = 8
Turn = Callable[[Chunk], None]


class Nowhere:
    """A producer that keeps nothing."""

    def produce(self, *_args, **_options) -> None:
        pass


class Dropping(SpanExporter):
    """Spans are made, batched and thrown away; turning them into bytes is the exporter's thread's work."""

    def export(self, spans):
        return SpanExportResult.SUCCESS


def parent(number: int) -> Headers:
    return [("traceparent", b"00-%032x-%016x-01" % (number + 1, number + 1))]


def chunks(*, traced: bool) -> list[Chunk]:
    """Three chunks of different lines."""
    lines = log_lines(3 * CHUNK_RECORDS)
    made = []
    for number in range(3):
        records = [
            Record(
                "app",
                index % PARTITIONS,
                number * CHUNK_RECORDS + index,
                0,
                None,
                line,
                [("traceparent", b"00-%032x-%016x-01" % (number * CHUNK_RECORDS + index + 1, index + 1))]
                if traced
                else None,
            )
            for index, line in enumerate(islice(lines, CHUNK_RECORDS))
        ]
        records.sort(key=lambda record: record.partition)
        made.append(
            Chunk(records, {Partition("app", n): 1 for n in range(PARTITIONS)}, sum(len(r.value) for r in records))
        )
    return made


def turn(telemetry, traced=lambda scrub: scrub) -> Turn:
    """One worker's way of one chunk."""
    quarantine, policy = Quarantine(), load_policy("logs")
    pipeline = TextPipeline(ready_tier(builtin_rules()), (), telemetry.emit if telemetry else None)
    scrub = traced(Scrubber(pipeline, lambda _topic: policy, quarantine=quarantine))
    outbox = Outbox(RouteTable((Route("all", ("app",)),)), None, {})

    def one(chunk: Chunk) -> None:
        started = time.monotonic()
        done = scrub(chunk)
        if telemetry:
            telemetry.emit(ChunkScrubbed(len(chunk.records), chunk.byte_size, time.monotonic() - started))
        sent = outbox.produce(Nowhere(), done, chunk.epochs)
        if telemetry:
            report(telemetry, sent, 0.01, 0.01)

    return one


def variants() -> Iterator[tuple[str, Turn, list[Chunk]]]:
    plain, traced = chunks(traced=False), chunks(traced=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))
    log = LogTelemetry(structlog.get_logger())
    metrics = Fanout([log, Health(300.0), Metrics("bench")])
    tracing = Tracing(TracingSettings("bench"), BatchSpanProcessor(Dropping()), "bench")
    yield "silent", turn(None), plain
    yield "log", turn(log), plain
    yield "metrics", turn(metrics), plain
    yield "silent, with headers", turn(None), traced
    yield "traces", turn(Fanout([tracing, log, Health(300.0), Metrics("bench")]), tracing.scrub), traced


@click.command
@click.option("--chunks", "rounds", default=30, help="Of 10,000 records, for each variant.")
def command(rounds: int) -> None:
    made = list(variants())
    spent: dict[str, list[float]] = {name: [] for name, _, _ in made}
    for _, one, given in made:
        one(given[0])
    gc.freeze()
    for number, order in zip(range(rounds), cycle((made, made[::-1]))):
        for name, one, given in order:
            before = time.process_time()
            one(given[number % len(given)])
            spent[name].append(time.process_time() - before)
    bases = {"log": "silent", "metrics": "silent", "traces": "silent, with headers"}
    medians = {name: statistics.median(seconds) for name, seconds in spent.items()}
    for name, seconds in medians.items():
        base = bases.get(name)
        share = f"   {seconds / medians[base] - 1:+.2%} of {base}" if base else ""
        print(f"{name:22} {seconds / CHUNK_RECORDS * 1e6:7.2f} us/record{share}")


if __name__ == "__main__":
    command()
