"""What the stream room can be told. `config.py` fills these in and checks them; nothing here reads a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Delivery = Literal["exactly_once", "at_least_once"]


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """A chunk closes on whichever comes first. One transaction per chunk: its fixed price is five round trips."""

    max_records: int = 10_000
    max_bytes: int = 16 * 1024 * 1024
    max_wait_ms: int = 100


@dataclass(frozen=True, slots=True)
class Route:
    """Input topics to output topics and a policy.

    `topics` are names, `pattern` a regular expression that must match a whole topic name (Python syntax, also handed to
    the consumer). In output names `{topic}` stands for the input topic.
    """

    name: str
    topics: tuple[str, ...] = ()
    pattern: str | None = None
    clean: str = "{topic}.clean"
    audit: str = "{topic}.audit"
    quarantine: str = "{topic}.quarantine"
    policy: str = "logs"
    shadow: str | None = None

    def matches(self, topic: str) -> bool:
        """Whether records of `topic` take this route."""
        return topic in self.topics or (self.pattern is not None and re.fullmatch(self.pattern, topic) is not None)

    def writes(self, output: str, topic: str) -> bool:
        """Whether `topic` is the `output` (one of the three names) of an input topic, even of one that is gone."""
        before, *behind = map(re.escape, output.split("{topic}"))
        if not behind:
            return topic == output
        match = re.fullmatch(before + "(?P<input>.+)" + "(?P=input)".join(behind), topic)
        return match is not None and self.matches(match["input"])


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How to reach the cluster and who this worker is in it.

    Secrets live in `security` as finished librdkafka keys and are never printed: `repr` leaves them out.
    """

    bootstrap_servers: str
    group_id: str
    group_instance_id: str | None = None
    transactional_id: str | None = None
    group_protocol: Literal["classic", "consumer"] = "classic"
    assignment: Literal["cooperative-sticky", "range", "roundrobin"] = "cooperative-sticky"
    auto_offset_reset: Literal["earliest", "latest"] = "earliest"
    client_id: str = "scrubber"
    fetch_memory_kbytes: int = 65_536
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "lz4"
    session_timeout_ms: int = 45_000
    max_poll_interval_ms: int = 300_000
    transaction_timeout_ms: int = 60_000
    security: dict[str, str] = field(default_factory=dict, repr=False)
    extra: dict[str, str | int | float | bool] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Brake:
    """When to stop because the configuration, not the data, is wrong: a ratio over a window of records."""

    max_ratio: float = 0.5
    window_records: int = 1_000


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Everything `scrubber run` needs to know about the stream."""

    kafka: KafkaSettings
    routes: tuple[Route, ...]
    delivery: Delivery = "exactly_once"
    chunk: ChunkLimits = field(default_factory=ChunkLimits)
    brake: Brake = field(default_factory=Brake)
    queue_depth: int = 2
    start_timeout_secs: float = 120.0
    drain_timeout_secs: float = 30.0
    watchdog_secs: float = 90.0
    slow_transaction_secs: float = 5.0
    create_topics: bool = False
    create_replication: int = -1
