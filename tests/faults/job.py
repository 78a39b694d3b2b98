"""The job that every fault test does: topics, what is in the input, and a worker's configuration.

What a record holds follows from its partition and offset alone, so that the checker knows it without being told.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml
from confluent_kafka import KafkaError, KafkaException, Producer

from tests.kafka_lab.topics import create_topic, unique

PLANTED = b"planted"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One input topic on its way to clean, audit and quarantine."""

    bootstrap: str
    source: str
    clean: str
    audit: str
    quarantine: str
    group: str
    partitions: int
    kafka: tuple[tuple[str, str | int], ...] = ()
    """More settings of the workers' `kafka` section."""

    @classmethod
    def create(cls, bootstrap: str, partitions: int = 6, **kafka: str | int) -> Job:
        """Create the topics."""
        clean, audit, quarantine, source = (
            create_topic(bootstrap, name, partitions) for name in ("clean", "audit", "quarantine", "input")
        )
        return cls(
            bootstrap=bootstrap,
            source=source,
            clean=clean,
            audit=audit,
            quarantine=quarantine,
            group=unique("group"),
            partitions=partitions,
            kafka=tuple(kafka.items()),
        )

    @property
    def outputs(self) -> tuple[str, str, str]:
        """The topics that a worker writes."""
        return self.clean, self.audit, self.quarantine

    def write_config(self, folder: Path, worker: str, bootstrap: str | None = None) -> Path:
        """The file for `scrubber run`: small chunks and short patience, so that much happens in little time."""
        file = folder / f"{worker}.yaml"
        settings: dict[str, Any] = {
            "kafka": {
                "bootstrap_servers": bootstrap or self.bootstrap,
                "group_id": self.group,
                "transactional_id": f"{self.group}-{worker}",
                "transaction_timeout_ms": 10_000,
                **dict(self.kafka),
            },
            "routes": [
                {"topics": [self.source], "clean": self.clean, "audit": self.audit, "quarantine": self.quarantine}
            ],
            "chunk": {"max_records": 200, "max_wait_ms": 20},
            "watchdog_secs": 30.0,
            "model": "none",
            "logging": {"format": "json", "level": "info"},
        }
        if dict(self.kafka).get("group_protocol") != "consumer":  # there it is the broker's choice
            settings["kafka"] |= {"session_timeout_ms": 3_000, "extra": {"heartbeat.interval.ms": 500}}
        file.write_text(yaml.safe_dump(settings))
        return file


def is_planted(offset: int) -> bool:
    """Whether the record at this offset holds something to redact."""
    return offset % 3 == 0


def is_broken(offset: int) -> bool:
    """Whether the record at this offset cannot be scrubbed and belongs in quarantine."""
    return offset % 50 == 49


def value(partition: int, offset: int) -> bytes:
    """The record at this place."""
    name = f"{partition}-{offset}"
    if is_broken(offset):
        return b"\xff\xfe " + PLANTED + name.encode() + b"@mail.example"
    who = f"{PLANTED.decode()}-{name}@mail.example" if is_planted(offset) else "somebody"
    return orjson.dumps({"id": name, "message": f"{who} opened the door"})


class Feed(threading.Thread):
    """Writes `records` records over about `secs` seconds, round the partitions, and on at that pace until `finish`.

    So there is work for as long as a test hurts the workers, however slow the machine is.
    """

    def __init__(self, job: Job, records: int, secs: float, bootstrap: str | None = None) -> None:
        super().__init__(name="feed", daemon=True)
        self.job = job
        self.records = records
        self._secs = secs
        self._failed: list[str] = []
        self._left = records
        self._enough = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap or job.bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "reconnect.backoff.max.ms": 1_000,
                "metadata.recovery.strategy": "none",
                "log_level": 0,
            }
        )

    def run(self) -> None:
        started = time.monotonic()
        pace = self._secs / self.records
        number = 0
        while number < self.records or not self._enough.is_set():
            offset, partition = divmod(number, self.job.partitions)
            self._put(partition, offset)
            number += 1
            if number % 100 == 0:
                self._producer.poll(0)
                time.sleep(max(0.0, started + pace * number - time.monotonic()))
        self.records = number
        self._left = self._producer.flush(120)

    def finish(self) -> None:
        """It is enough: from now on `records` says how many there are, all in the input topic, or this fails."""
        self._enough.set()
        self.join(self._secs + 180)
        assert not self.is_alive(), "the feed did not end"
        assert not self._failed, f"the input itself is broken: {self._failed[:3]}"
        assert self._left == 0, f"the feed could not deliver {self._left} records"

    def _put(self, partition: int, offset: int) -> None:
        while True:
            try:
                self._producer.produce(
                    self.job.source,
                    value(partition, offset),
                    partition=partition,
                    on_delivery=lambda error, _message: self._failed.append(error.str()) if error else None,
                )
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                # A node that has just started answers without the topics that it has not learnt of yet.
                if error.args[0].code() != KafkaError._UNKNOWN_TOPIC:
                    raise
                self._producer.poll(0.1)
            else:
                return
