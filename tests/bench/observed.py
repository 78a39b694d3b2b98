"""What it costs to be observed: `python -m tests.bench.observed [--records N] [--runs N]`.

`scrubber run`, as it is, between topics of an Apache Kafka of its own (all rules, preset `logs`, exactly once). Within
one run those who listen are there and away by turns, `BLOCK` chunks each, so that machine, broker, process and input
are the same for both; each block with them is compared with its two neighbours without. The log at level info is on.

    metrics   `http.enabled`: metrics and health, scraped once a second while they are there
    traces    a trace for each chunk, sent to a collector that only takes them; every record has a `traceparent` header

The number is the median of the ratios of the blocks: CPU of the process for each record, and records a second. Single
blocks differ by more than is looked for, so the interval behind the median says where it lies in 95 of 100 such runs.
Spans are sent every half second, ten times as often as by default: each block pays for its own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

import click
import structlog
import yaml

from scrubber.cli import main, run
from scrubber.cli.observing import Observed, observing
from scrubber.config import Config
from scrubber.core.records import Begin, Chunk, Finish
from scrubber.telemetry import ChunkCommitted, Happening, LogTelemetry, Telemetry
from tests.bench.contestant import Topics, configuration
from tests.bench.log_lines import log_lines
from tests.bench.stream import JAVA_OPTIONS, PARTITIONS, machine
from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.ports import free_port
from tests.kafka_lab.topics import Sent, create_topic, produce, unique

BLOCK = 15  # chunks
LEFT_OUT = 2  # of each block: they were on their way when it began
SCRAPE_SECS = 1.0
EXPORT_EVERY_MS = 500
LIMITS = {"metrics": 0.03, "traces": 0.08}

spawn = multiprocessing.get_context("spawn")


class Mark(NamedTuple):
    """Where the process stood when a chunk was committed."""

    secs: float
    cpu_secs: float
    records: int


class Block(NamedTuple):
    """What a number of chunks took."""

    cpu_micros: float
    records_per_sec: float


class Switch:
    """A `Telemetry` that tells everybody for `BLOCK` chunks and then only the log, by turns."""

    def __init__(self, everybody: Telemetry, records: int, on: Event) -> None:
        self._everybody = everybody
        self._log = LogTelemetry(structlog.get_logger())
        self._left = records
        self._on = on
        self._marks: list[list[Mark]] = [[]]
        self.is_on = False

    def emit(self, happening: Happening) -> None:
        (self._everybody if self.is_on else self._log).emit(happening)
        if isinstance(happening, ChunkCommitted):
            self._note(happening.records)

    def blocks(self) -> list[Block]:
        """What each whole block took, every other one with everybody; the first two warm up."""
        return [_block(marks[LEFT_OUT - 1 :]) for marks in self._marks if len(marks) == BLOCK][2:]

    def _note(self, records: int) -> None:
        self._marks[-1].append(Mark(time.monotonic(), time.process_time(), records))
        self._left -= records
        if len(self._marks[-1]) == BLOCK:
            self._marks.append([])
            self.is_on = not self.is_on
            (self._on.set if self.is_on else self._on.clear)()
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGTERM)


def _block(marks: list[Mark]) -> Block:
    records = sum(mark.records for mark in marks[1:])
    cpu_secs = marks[-1].cpu_secs - marks[0].cpu_secs
    return Block(cpu_secs / records * 1e6, records / (marks[-1].secs - marks[0].secs))


def work(file: Path, records: int, on: Event, answer: Connection) -> None:
    """Be the worker, in a process of its own, and send the blocks."""
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = str(EXPORT_EVERY_MS)
    switches = []

    @contextmanager
    def switched(config: Config) -> Iterator[Observed]:
        with observing(config) as it:
            switch = Switch(it.telemetry, records, on)
            switches.append(switch)

            def traced(begin: Begin) -> Begin:
                with_traces = it.traced(begin)

                def by_turns(chunk: Chunk) -> Finish:
                    return with_traces(chunk) if switch.is_on else begin(chunk)

                return by_turns

            yield it._replace(telemetry=switch, traced=traced)

    run.observing = switched
    main(["run", "--config", str(file)])
    answer.send(switches[0].blocks())


def scrape(port: int, on: Event) -> None:
    """Be Prometheus, in a process of its own, while the worker's metrics are on."""
    while on.wait():
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read()
        time.sleep(SCRAPE_SECS)


class Taking(BaseHTTPRequestHandler):
    """A collector of traces that looks at none."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def collect(port: int) -> None:
    """Be the collector of traces, in a process of its own."""
    HTTPServer(("127.0.0.1", port), Taking).serve_forever()


@click.command(help=__doc__)
@click.option("--records", default=3_000_000, show_default=True, help="Of each run.")
@click.option("--runs", default=2, show_default=True, help="For each of the two.")
@click.option("--only", type=click.Choice(list(LIMITS)), help="One of the two.")
def command(*, records: int, runs: int, only: str | None) -> None:
    print(machine())
    with LocalKafka(java_options=JAVA_OPTIONS) as kafka, tempfile.TemporaryDirectory() as folder:
        for what in [only] if only else LIMITS:
            source = filled(kafka.bootstrap, records, headers=what == "traces")
            series = []
            for _ in range(runs):
                series.append(one_run(what, kafka.bootstrap, source, records, Path(folder)))
                print(told(what, series), flush=True)


def filled(bootstrap: str, records: int, *, headers: bool) -> str:
    """A topic with so many lines, round its partitions."""
    source = create_topic(bootstrap, "raw", PARTITIONS)
    lines = (
        Sent(
            line,
            partition=number % PARTITIONS,
            headers=[("traceparent", b"00-%032x-%016x-01" % (number + 1, number + 1))] if headers else None,
        )
        for number, line in enumerate(log_lines(records))
    )
    produce({"bootstrap.servers": bootstrap, "compression.type": "lz4"}, source, lines)
    return source


def one_run(what: str, bootstrap: str, source: str, records: int, folder: Path) -> list[Block]:
    """Let a new group scrub the topic; its blocks, without and with those who listen by turns."""
    name, port, on = unique("observed"), free_port(), spawn.Event()
    outputs = (create_topic(bootstrap, kind, PARTITIONS) for kind in Topics._fields[1:])
    config = configuration(bootstrap, Topics(source, *outputs), name)
    config["logging"]["level"] = "info"
    if what == "metrics":
        config["http"] = {"enabled": True, "port": port}
        other = spawn.Process(target=scrape, args=(port, on), daemon=True)
    else:
        config["tracing"] = {"endpoint": f"http://127.0.0.1:{port}/v1/traces"}
        other = spawn.Process(target=collect, args=(port,), daemon=True)
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config))
    blocks, answer = spawn.Pipe(duplex=False)
    worker = spawn.Process(target=work, args=(file, records, on, answer), daemon=True)
    other.start()
    worker.start()
    answer.close()
    try:
        return blocks.recv()
    finally:
        for process in (worker, other):
            process.terminate()
            process.join()


def told(what: str, series: list[list[Block]]) -> str:
    """The median of the ratios of each block with somebody to the mean of its two neighbours with nobody."""
    ratios: dict[str, list[float]] = {field: [] for field in Block._fields}
    for blocks in series:
        for before, block, after in zip(blocks[::2], blocks[1::2], blocks[2::2], strict=False):
            for field, found in ratios.items():
                nobody = (getattr(before, field) + getattr(after, field)) / 2
                found.append(getattr(block, field) / nobody)
    cpu, rate = ratios["cpu_micros"], ratios["records_per_sec"]
    base = statistics.median(block.cpu_micros for blocks in series for block in blocks[::2])
    return (
        f"{what}: {len(cpu)} blocks; CPU {difference(cpu)} of {base:.2f} us/record; records/s {difference(rate)}; "
        f"limit {LIMITS[what]:.0%}"
    )


def difference(ratios: list[float]) -> str:
    """The median of ratios and its 95 % confidence interval (from ranks: no distribution is assumed)."""
    ranked = sorted(ratios)
    aside = max(1, int(statistics.NormalDist(len(ranked) / 2, len(ranked) ** 0.5 / 2).inv_cdf(0.025))) - 1
    low, high = ranked[aside], ranked[-1 - aside]
    return f"{statistics.median(ranked) - 1:+.1%} ({low - 1:+.1%} to {high - 1:+.1%})"


if __name__ == "__main__":
    command()
