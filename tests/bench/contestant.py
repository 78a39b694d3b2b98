"""One process of the benchmark: starts it, follows its log, and says how fast it was."""

from __future__ import annotations

import datetime as dt
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
import yaml

from tests.kafka_lab.topics import unique

BARE = ("tests.bench.bare_loop",)
RULES = ("tests.bench.worker",)
IDENTITY = ("tests.bench.worker", "--identity")
LOOK_SECS = 0.1
STOP_SECS = 60
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Topics(NamedTuple):
    """What a contestant reads and writes."""

    source: str
    clean: str
    audit: str
    quarantine: str


class Sample(NamedTuple):
    """Memory of the processes when they had committed so many records."""

    records: int
    rss_mb: float


@dataclass
class Run:
    """What the log of one run says. Times are seconds."""

    commits: list[tuple[float, int]] = field(default_factory=list)
    """Time and number of records of each transaction."""

    produce_secs: float = 0.0
    commit_secs: float = 0.0
    detect_secs: float = 0.0
    cpu_at_first: dict[str, float] = field(default_factory=dict)
    cpu_at_last: dict[str, float] = field(default_factory=dict)

    @property
    def records(self) -> int:
        return sum(count for _, count in self.commits)

    @property
    def rate(self) -> float:
        """Records a second from the end of the first transaction to the end of the last: without start and joining."""
        (first, count), (last, _) = self.commits[0], self.commits[-1]
        return (self.records - count) / (last - first)

    @property
    def cpu_micros(self) -> dict[str, float]:
        """CPU of each thread a record, from the first transaction on."""
        worked = self.records - self.commits[0][1]
        return {
            stage: (secs - self.cpu_at_first.get(stage, 0.0)) / worked * 1e6 for stage, secs in self.cpu_at_last.items()
        }

    @property
    def chunk_records(self) -> float:
        return statistics.median(count for _, count in self.commits)

    def note(self, line: dict[str, Any]) -> None:
        """Take one line of the log in."""
        match line["event"]:
            case "chunk_committed":
                self.commits.append((dt.datetime.fromisoformat(line["timestamp"]).timestamp(), line["records"]))
                self.produce_secs += line["produce_secs"]
                self.commit_secs += line["commit_secs"]
            case "chunk_scrubbed":
                self.detect_secs += line["seconds"]
            case "cpu":
                self.cpu_at_last = {stage: secs for stage, secs in line.items() if stage != "event"}
                if len(self.commits) <= 1:
                    self.cpu_at_first = self.cpu_at_last


class Contestant:
    """A process that works through a topic; whatever happens, it ends with the `with` block."""

    def __init__(self, module: Sequence[str], bootstrap: str, topics: Topics, folder: Path) -> None:
        name = unique("bench")
        self._log = folder / f"{name}.log"
        self._config = folder / f"{name}.yaml"
        self._config.write_text(yaml.safe_dump(configuration(bootstrap, topics, name)))
        self._module = module
        self._read = 0
        self.run = Run()

    def until_done(self, records: int, give_up_secs: float) -> Iterator[Sample]:
        """Follow the process until it has committed that many records; yields its memory ten times a second."""
        deadline = time.monotonic() + give_up_secs
        while self.run.records < records:
            time.sleep(LOOK_SECS)
            self.follow()
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._module} did {self.run.records} of {records} records:\n{self._tail()}")
            yield Sample(self.run.records, self._rss_mb())

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            module, *options = self._module
            command = [sys.executable, "-m", module, str(self._config), *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM if kind is None else signal.SIGKILL)
        try:
            self._process.wait(STOP_SECS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def follow(self) -> None:
        with self._log.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                if line.startswith(b"{"):
                    self.run.note(orjson.loads(line))

    def _rss_mb(self) -> float:
        """Memory of the process and of its scrub process."""
        main = Path(f"/proc/{self._process.pid}")
        children = (main / "task" / main.name / "children").read_text().split()
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (main.name, *children)]
        return sum(pages) * PAGE_BYTES / 1e6

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


def configuration(bootstrap: str, topics: Topics, group: str) -> dict[str, Any]:
    """Every contestant's: scrubber's defaults, and a line in the log for each transaction."""
    return {
        "kafka": {"bootstrap_servers": bootstrap, "group_id": group, "transactional_id": group},
        "model": "none",
        "routes": [
            {
                "topics": [topics.source],
                "clean": topics.clean,
                "audit": topics.audit,
                "quarantine": topics.quarantine,
                "policy": "logs",
            }
        ],
        "logging": {"format": "json", "level": "debug"},
    }
