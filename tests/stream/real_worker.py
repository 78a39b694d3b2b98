"""`scrubber run` as its users have it: a process with a configuration file, an exit code, and words on stderr."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import yaml
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.kafka_lab.topics import create_topic, unique

WAIT_SECS = 180
OUTPUTS = ("clean", "audit", "quarantine")


class Route(NamedTuple):
    """One input topic, its outputs and its policy, as the configuration file wants them."""

    topics: list[str]
    clean: str
    audit: str
    quarantine: str
    policy: str


def new_route(bootstrap: str, policy: str = "logs", *, partitions: int = 1, **limits: int) -> Route:
    """Create the four topics; `limits` are their `max.message.bytes`, by kind (`input`, `clean`, ...)."""
    made = {
        kind: create_topic(
            bootstrap, kind, partitions, **({"max_message_bytes": str(limits[kind])} if kind in limits else {})
        )
        for kind in ("input", *OUTPUTS)
    }
    return Route([made.pop("input")], policy=policy, **made)


def group_of(bootstrap: str, *routes: Route, **settings: Any) -> dict[str, Any]:
    """A configuration for workers of a group of its own: short patience, small chunks."""
    group = unique("group")
    kafka = {
        "bootstrap_servers": bootstrap,
        "group_id": group,
        "transactional_id": group,
        "session_timeout_ms": 6_000,
        **settings.pop("kafka", {}),
    }
    return {
        "kafka": kafka,
        "routes": [route._asdict() for route in routes],
        "logging": {"format": "json", "level": "info"},
        "model": "none",
        **settings,
    }


class WorkerProcess:
    """A worker that lives as long as the `with` block at most."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        self._log = folder / f"{unique('worker')}.log"
        self._file = self._log.with_suffix(".yaml")
        self._file.write_text(yaml.safe_dump(dict(config)))
        self._config = config

    @property
    def said(self) -> str:
        """All that it wrote so far, stdout and stderr."""
        return self._log.read_text(errors="replace")

    def until(self, condition: Callable[[], bool], secs: float = WAIT_SECS) -> None:
        """Wait until the condition holds, while the worker runs."""
        deadline = time.monotonic() + secs
        while not condition():
            assert self.process.poll() is None, f"the worker ended with {self.process.returncode}: {self.said}"
            if time.monotonic() >= deadline:
                self.process.send_signal(signal.SIGABRT)  # says where each of its threads stands
                self.process.wait()
                raise AssertionError(f"waited {secs} s in vain: {self.said}")
            time.sleep(0.1)

    def until_committed(self, records: int) -> None:
        """Wait until the group has committed that many records of all its input topics."""
        self.until(lambda: self.committed() >= records)

    def committed(self) -> int:
        """Sum of the group's next offsets."""
        kafka = self._config["kafka"]
        reader = Consumer(
            {"bootstrap.servers": kafka["bootstrap_servers"], "group.id": kafka["group_id"], "log_level": 0}
        )
        try:
            known = reader.list_topics(timeout=10).topics
            places = [
                TopicPartition(topic, partition)
                for route in self._config["routes"]
                for topic in route["topics"]
                for partition in known[topic].partitions
            ]
            return sum(max(place.offset, 0) for place in reader.committed(places, timeout=10))
        except KafkaException:  # the group's coordinator is still to be found
            return 0
        finally:
            reader.close()

    def wait(self, secs: float = WAIT_SECS) -> int:
        """Wait for the end; returns the exit code."""
        return self.process.wait(secs)

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", "scrubber.cli", "run", "--config", str(self._file)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
