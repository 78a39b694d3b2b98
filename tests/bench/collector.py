"""The same topic through the OpenTelemetry Collector and through scrubber: `python -m tests.bench.collector`.

    collector            `collector.yaml`: Kafka in, two regular expressions replaced, batched, Kafka out
    collector, careful   the same without batch and queue: a record is marked as done when the broker has it
    scrubber             `scrubber run` with all rules and the preset `logs`, exactly once

First rates, in turns on one broker: records a second from the first record in the output to the last, and the CPU of
the process meanwhile. Then each is killed (SIGKILL) on its way, again and again, started anew, and a reader
(read-committed) counts what arrived. The collector is built from `tests/ops/tools/go/otelcol` (Go, once).
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import click
import yaml
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from rich.console import Console
from rich.table import Table

from tests.bench.contestant import Topics, configuration
from tests.bench.log_lines import log_lines
from tests.bench.stream import JAVA_OPTIONS, PARTITIONS, machine
from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic, unique
from tests.ops.tools.go import binaries

COLLECTOR = Path(__file__).with_suffix(".yaml")
CAREFUL = (
    "yaml:receivers::kafka::message_marking::after: true",
    "yaml:service::pipelines::logs::processors: [transform]",
    "yaml:exporters::kafka::sending_queue::enabled: false",
    "yaml:exporters::kafka::producer::linger: 0s",
)
CONTESTANTS = {"collector": 1.0, "collector, careful": 0.1, "scrubber": 1.0}  # and their share of the records
SESSION_MS = 10_000  # the collector's default
LOOK_SECS = 0.05
GIVE_UP_SECS = 120.0
QUIET_SECS = 3.0  # an output that has not grown for so long, with all offsets committed, is all there will be
TICKS = os.sysconf("SC_CLK_TCK")
NUMBER = re.compile(rb"[0-9a-f]{32}")  # each line has a trace id of its own

console = Console(width=110)


class Rate(NamedTuple):
    """What one run did between its first and its last record."""

    records_per_sec: float
    cpu_micros: float


class Crash(NamedTuple):
    """What a read-committed reader found after kills."""

    records: int
    kills: int
    lost: int
    doubled: int
    raw: int


class Contestant:
    """One of the programs between two topics. It may be started, killed and started again."""

    def __init__(self, name: str, bootstrap: str, source: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._source = source
        self._group = unique("bench")
        self.clean, audit, quarantine = (create_topic(bootstrap, kind, PARTITIONS) for kind in Topics._fields[1:])
        self._log = folder / f"{self._group}.log"
        self._env: dict[str, str] = {}
        if name == "scrubber":
            config = configuration(bootstrap, Topics(source, self.clean, audit, quarantine), self._group)
            config["kafka"]["session_timeout_ms"] = SESSION_MS
            config["logging"]["level"] = "info"
            file = self._log.with_suffix(".yaml")
            file.write_text(yaml.safe_dump(config))
            self._command = [sys.executable, "-m", "scrubber.cli", "run", "--config", str(file)]
        else:
            configs = (str(COLLECTOR), *(CAREFUL if name == "collector, careful" else ()))
            options = [word for config in configs for word in ("--config", config)]
            self._command = [str(binaries("otelcol") / "otelcol"), *options]
            self._env = {
                "KAFKA_BROKERS": bootstrap,
                "GROUP_ID": self._group,
                "RAW_TOPIC": source,
                "CLEAN_TOPIC": self.clean,
            }
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        looks_on = {"group.id": self._group, "isolation.level": "read_uncommitted"}  # else it waits for a pause
        self._reader = Consumer({"bootstrap.servers": bootstrap, "log_level": 0, **looks_on})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._reader.close()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env={**os.environ, **self._env}, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def written(self) -> int:
        """Offsets of the output topic, the markers of transactions included."""
        wanted = {TopicPartition(self.clean, number): OffsetSpec.latest() for number in range(PARTITIONS)}
        return sum(future.result(30).offset for future in self._admin.list_offsets(wanted).values())

    @property
    def committed(self) -> int:
        """Records of the input that the group has committed."""
        places = [TopicPartition(self._source, number) for number in range(PARTITIONS)]
        return sum(max(place.offset, 0) for place in self._reader.committed(places, timeout=30))

    @property
    def done(self) -> int:
        """Records that are through: in scrubber's transactions, those whose offsets are committed."""
        return min(self.written, self.committed) if not self._env else self.written

    @property
    def cpu_secs(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def until(self, condition: Any, secs: float = GIVE_UP_SECS) -> None:
        """Wait until the condition holds, while the process runs."""
        deadline = time.monotonic() + secs
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._command} did {self.done} records:\n{self._log.read_text()[-2_000:]}")
            time.sleep(LOOK_SECS)


class Bench:
    """The measurements, on one broker."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._folder = folder

    def filled(self, records: int) -> str:
        """A topic with so many different lines, round its partitions."""
        source = create_topic(self._bootstrap, "raw", PARTITIONS)
        produce(
            {"bootstrap.servers": self._bootstrap, "compression.type": "lz4"},
            source,
            (Sent(line, partition=number % PARTITIONS) for number, line in enumerate(log_lines(records))),
        )
        return source

    def rate(self, name: str, source: str, records: int) -> Rate:
        with Contestant(name, self._bootstrap, source, self._folder) as contestant:
            contestant.until(lambda: contestant.done > 0)
            first, started, cpu = contestant.done, time.monotonic(), contestant.cpu_secs
            contestant.until(lambda: contestant.done >= records)
            did = records - first
            return Rate(did / (time.monotonic() - started), (contestant.cpu_secs - cpu) / did * 1e6)

    def crash(self, name: str, records: int, kills: int) -> Crash:
        source = self.filled(records)
        with Contestant(name, self._bootstrap, source, self._folder) as contestant:
            for number in range(1, kills + 1):
                share = number / (kills + 1)
                contestant.until(lambda share=share: contestant.done >= share * records)
                contestant.kill()
                contestant.start()
            contestant.until(lambda: contestant.committed >= records)
            while not self._still(contestant):
                pass
        values = [message.value() for message in read_topic(self._bootstrap, contestant.clean)]
        arrived = Counter(number for value in values for number in NUMBER.findall(value))
        raw = sum(b"@mail.example" in value for value in values)
        return Crash(records, kills, records - len(arrived), sum(arrived.values()) - len(arrived), raw)

    def _still(self, contestant: Contestant) -> bool:
        """Whether the output does not grow any more."""
        before = contestant.written
        time.sleep(QUIET_SECS)
        return before == contestant.written > 0


@click.command(help=__doc__)
@click.option("--records", default=300_000, show_default=True, help="Records of each run for rates; 0 leaves them out.")
@click.option("--repetitions", default=3, show_default=True)
@click.option("--crash-records", default=200_000, show_default=True, help="Records of each run with kills; 0: none.")
@click.option("--kills", default=3, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(CONTESTANTS)), help="These alone.")
def command(*, records: int, repetitions: int, crash_records: int, kills: int, only: tuple[str, ...]) -> None:
    console.print(machine())
    names = only or tuple(CONTESTANTS)
    with LocalKafka(java_options=JAVA_OPTIONS) as kafka, tempfile.TemporaryDirectory() as folder:
        bench = Bench(kafka.bootstrap, Path(folder))
        if records:
            source = bench.filled(records)
            rates: dict[str, list[Rate]] = {name: [] for name in names}
            for repetition in range(repetitions):
                for name in names if repetition % 2 == 0 else reversed(names):
                    rates[name].append(bench.rate(name, source, int(records * CONTESTANTS[name])))
                    console.print(name, rates[name][-1])
            console.print(rate_table(rates))
        if crash_records:
            crashes = {name: bench.crash(name, int(crash_records * CONTESTANTS[name]), kills) for name in names}
            console.print(crash_table(crashes))


def rate_table(rates: Mapping[str, list[Rate]]) -> Table:
    table = Table("", "records/s (median)", "all", "CPU s for a million")
    for name, runs in rates.items():
        table.add_row(
            name,
            f"{statistics.median(run.records_per_sec for run in runs):,.0f}",
            " ".join(f"{run.records_per_sec:,.0f}" for run in runs),
            f"{statistics.median(run.cpu_micros for run in runs):.1f}",
        )
    return table


def crash_table(crashes: Mapping[str, Crash]) -> Table:
    table = Table("", "records", "kills", "lost", "more than once", "raw")
    for name, crash in crashes.items():
        table.add_row(name, *(f"{number:,}" for number in crash))
    return table


if __name__ == "__main__":
    command()
