"""How fast, how late, how large: scrubber against a bare exactly-once loop, on an Apache Kafka of its own.

`python -m tests.bench.stream` compares rates in one run, interleaved, and reports ratios of medians:

    bare       the smallest exactly-once consume-produce loop (`bare_loop.py`)        = 1.0
    identity   `scrubber run` with a scrub that changes nothing: the stream room      >= 0.6
    rules      `scrubber run` with all rules and the preset `logs`                    >= 0.35

and the latency of single records at a share of the rate of `rules`. `--memory` instead follows the memory of `rules`
over a backlog of a million records of 2 kB. All share the machine with the broker, so that ratios say more than rates.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import confluent_kafka
import numpy as np
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition
from rich.console import Console
from rich.table import Table

from scrubber.stream.settings import ChunkLimits
from tests.bench.contestant import BARE, IDENTITY, RULES, Contestant, Run, Sample, Topics
from tests.bench.log_lines import log_lines
from tests.kafka_lab.distribution import SUMS, java
from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.topics import create_topic, unique

JAVA_OPTIONS = ("-Xms1g", "-Xmx1g")
PARTITIONS = 8
CONTESTANTS = {"bare": BARE, "identity": IDENTITY, "rules": RULES}
TARGETS = {"bare": 1.0, "identity": 0.6, "rules": 0.35}
GIVE_UP_SECS = 600.0
WARM_UP = 0.5  # share of the records before memory is judged: the heap of the C library grows in steps at first

console = Console(width=110)


@click.command(help=__doc__)
@click.option("--records", default=400_000, show_default=True, help="Records of each run.")
@click.option("--repetitions", default=3, show_default=True)
@click.option("--latency-secs", default=20.0, show_default=True, help="0 leaves the latency out.")
@click.option("--load", default=0.7, show_default=True, help="For latency: share of the rate of `rules`.")
@click.option("--memory", is_flag=True, help="Memory over a backlog, instead of rates.")
@click.option("--memory-records", default=1_000_000, show_default=True)
@click.option("--record-bytes", default=2_000, show_default=True, help="Of a record of --memory.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the numbers to a file.")
def command(
    *,
    records: int,
    repetitions: int,
    latency_secs: float,
    load: float,
    memory: bool,
    memory_records: int,
    record_bytes: int,
    file: Path | None,
) -> None:
    report: dict[str, Any] = {"machine": machine()}
    console.print(report["machine"])
    with LocalKafka(java_options=JAVA_OPTIONS) as kafka, tempfile.TemporaryDirectory() as folder:
        bench = Bench(kafka.bootstrap, Path(folder))
        if memory:
            report["memory"] = bench.memory(memory_records, record_bytes)
        else:
            report["rates"], rate = bench.rates(records, repetitions)
            if latency_secs:
                report["latency"] = bench.latency(rate * load, latency_secs)
    if file:
        file.write_text(json.dumps(report, indent=2))


class Bench:
    """The measurements, on one broker."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._folder = folder

    def rates(self, records: int, repetitions: int) -> tuple[dict[str, Any], float]:
        """Compare the contestants; returns the numbers and the median rate of `rules`."""
        source = self._filled(records, 300)
        topics = {name: self._outputs(source) for name in CONTESTANTS}
        runs: dict[str, list[Run]] = {name: [] for name in CONTESTANTS}
        for name in CONTESTANTS:  # not counted: a new broker compiles its code meanwhile, and each asks for other code
            self._run(name, topics[name], records)
        for repetition in range(repetitions):
            names = list(CONTESTANTS) if repetition % 2 == 0 else list(reversed(CONTESTANTS))
            for name in names:
                run = self._run(name, topics[name], records)
                runs[name].append(run)
                console.print(f"{repetition + 1}/{repetitions} {name:<9} {run.rate:>9,.0f} records/s")
        summary = summarise(runs)
        console.print(rate_table(summary), stage_table(summary))
        return summary, summary["rules"]["records_per_sec"]

    def memory(self, records: int, size: int) -> dict[str, Any]:
        """Follow the memory of `rules` over a backlog."""
        source = self._filled(records, size)
        with Contestant(RULES, self._bootstrap, self._outputs(source), self._folder) as contestant:
            samples = list(contestant.until_done(records, GIVE_UP_SECS))
        summary = judge_memory(samples, records, size) | {"records_per_sec": round(contestant.run.rate)}
        console.print(memory_table(summary))
        return summary

    def latency(self, rate: float, secs: float) -> dict[str, Any]:
        """Time from the record's timestamp to its arrival at a read-committed reader of one partition."""
        source = create_topic(self._bootstrap, "live", PARTITIONS)
        topics = self._outputs(source)
        reader = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": unique("reader"),
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 10,
            }
        )
        reader.assign([TopicPartition(topics.clean, 0, OFFSET_END)])
        warm_up = int(rate * 2)
        lines = list(log_lines(int(rate * (secs + 2))))
        with Contestant(RULES, self._bootstrap, topics, self._folder) as contestant:
            self._produce(source, lines[:1000])
            for _ in contestant.until_done(1000, GIVE_UP_SECS):
                pass
            feed = threading.Thread(target=self._produce, args=[source, lines, rate])
            feed.start()
            late: list[float] = []
            while feed.is_alive() or contestant.run.records < len(lines):
                late += [time.time() * 1000 - message.timestamp()[1] for message in reader.consume(500, 0.005)]
                contestant.follow()
            feed.join()
        reader.close()
        late = late[warm_up // PARTITIONS :]
        p50, p99, worst = (float(np.percentile(late, share)) for share in (50, 99, 100))
        summary = {"records_per_sec": round(rate), "samples": len(late), "p50_ms": p50, "p99_ms": p99, "max_ms": worst}
        console.print("latency", summary)
        return summary

    def _run(self, name: str, topics: Topics, records: int) -> Run:
        with Contestant(CONTESTANTS[name], self._bootstrap, topics, self._folder) as contestant:
            for _ in contestant.until_done(records, GIVE_UP_SECS):
                pass
        return contestant.run

    def _filled(self, records: int, size: int) -> str:
        source = create_topic(self._bootstrap, "raw", PARTITIONS)
        started = time.monotonic()
        written = self._produce(source, log_lines(records, size))
        console.print(f"{records:,} records, {written / 1e6:,.0f} MB written in {time.monotonic() - started:.0f} s")
        return source

    def _outputs(self, source: str) -> Topics:
        return Topics(source, *(create_topic(self._bootstrap, kind, PARTITIONS) for kind in Topics._fields[1:]))

    def _produce(self, topic: str, lines: Any, rate: float | None = None) -> int:
        """Write the lines round the partitions, all at once or at that many a second; returns their bytes."""
        producer = Producer(
            {"bootstrap.servers": self._bootstrap, "linger.ms": 5, "compression.type": "lz4", "acks": "all"}
        )
        started, written = time.monotonic(), 0
        for number, line in enumerate(lines):
            if rate and number % 50 == 0:
                time.sleep(max(0.0, started + number / rate - time.monotonic()))
            written += len(line)
            while True:
                try:
                    producer.produce(topic, line, partition=number % PARTITIONS)
                    break
                except BufferError:
                    producer.poll(0.1)
        assert producer.flush(60) == 0, "the input cannot be written"
        return written


def summarise(runs: dict[str, list[Run]]) -> dict[str, Any]:
    """Medians over the repetitions; stages in microseconds a record."""
    base = statistics.median(run.rate for run in runs["bare"])
    summary = {}
    for name, each in runs.items():
        rate = statistics.median(run.rate for run in each)

        def micros(secs: str, each: Sequence[Run] = each) -> float:
            return round(statistics.median(getattr(run, secs) / run.records for run in each) * 1e6, 2)

        summary[name] = {
            "records_per_sec": round(rate),
            "all_records_per_sec": [round(run.rate) for run in each],
            "ratio": round(rate / base, 3),
            "target": TARGETS[name],
            "chunk_records": statistics.median(run.chunk_records for run in each),
            "detect_us": micros("detect_secs"),
            "produce_us": micros("produce_secs"),
            "commit_us": micros("commit_secs"),
            "cpu_us": {
                stage: round(statistics.median(run.cpu_micros[stage] for run in each), 2)
                for stage in each[0].cpu_micros
            },
        }
    return summary


def judge_memory(samples: Sequence[Sample], records: int, size: int) -> dict[str, Any]:
    """Resident memory in MB at the start of work, after warm-up and at the end, and its slope in between."""
    working = [sample for sample in samples if sample.records > 0]
    shape = [(sample.records, round(sample.rss_mb, 1)) for sample in working[:: max(1, len(working) // 50)]]
    warm = [sample for sample in working if sample.records >= records * WARM_UP]
    slope = np.polyfit([sample.records for sample in warm], [sample.rss_mb for sample in warm], 1)[0]
    return {
        "records": records,
        "record_bytes": size,
        "first_mb": round(working[0].rss_mb, 1),
        "warm_mb": round(warm[0].rss_mb, 1),
        "last_mb": round(warm[-1].rss_mb, 1),
        "max_mb": round(max(sample.rss_mb for sample in samples), 1),
        "slope_mb_per_100k_records": round(slope * 100_000, 3),
        "shape": shape,
    }


def rate_table(summary: dict[str, Any]) -> Table:
    table = Table("", "records/s", "ratio", "target", "", "records a chunk", title="rates", title_justify="left")
    for name, row in summary.items():
        met = "met" if row["ratio"] >= row["target"] else "missed"
        values = (f"{row['records_per_sec']:,}", f"{row['ratio']:.2f}", f"{row['target']}", met)
        table.add_row(name, *values, f"{row['chunk_records']:,.0f}")
    return table


def stage_table(summary: dict[str, Any]) -> Table:
    title = "stages, us a record by the clock (they overlap)"
    table = Table("", "detect", "produce", "commit", "us of CPU a record, by thread", title=title, title_justify="left")
    for name, row in summary.items():
        cpu = ", ".join(f"{stage} {micros}" for stage, micros in row["cpu_us"].items())
        table.add_row(name, *(str(row[stage]) for stage in ("detect_us", "produce_us", "commit_us")), cpu)
    return table


def memory_table(summary: dict[str, Any]) -> Table:
    table = Table(title="memory of rules", title_justify="left", show_header=False)
    for name, value in summary.items():
        if name != "shape":
            table.add_row(name, f"{value:,}")
    return table


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    chunk = ChunkLimits()
    return {
        "cpu": model[0].partition(": ")[2] if model else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "confluent_kafka": confluent_kafka.version()[0]
        if isinstance(confluent_kafka.version(), tuple)
        else confluent_kafka.version(),
        "librdkafka": confluent_kafka.libversion()[0],
        "kafka": kafka_version(),
        "java": java_version(),
        "java_options": " ".join(JAVA_OPTIONS),
        "partitions": PARTITIONS,
        "chunk": f"{chunk.max_records} records, {chunk.max_bytes} bytes or {chunk.max_wait_ms} ms",
    }


def java_version() -> str:
    told = subprocess.run([java(), "--version"], capture_output=True, text=True, check=True).stdout
    return told.splitlines()[0]


def kafka_version() -> str:
    (jar,) = (line for line in SUMS.read_text().splitlines() if "org.apache.kafka:kafka_2.13:" in line)
    return jar.rpartition(":")[2]


if __name__ == "__main__":
    sys.exit(command())
