"""One frozen dataclass for each happening; a `Telemetry` turns it into a log line (and whatever else listens).

Call sites stay one line: `telemetry.emit(ChunkCommitted(...))`. Fields are counts, codes and coordinates, never a value
of a record: what cannot be put in a field cannot leak. Normal operation logs nothing for each record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar, Literal, Protocol

import structlog

Level = Literal["debug", "info", "warning", "error", "critical"]


@dataclasses.dataclass(frozen=True, slots=True)
class Happening:
    """Base of all happenings: the class name is the event's name in the log."""

    level: ClassVar[Level] = "info"


@dataclasses.dataclass(frozen=True, slots=True)
class WorkerStarted(Happening):
    """The worker subscribes; `delivery` is the guarantee it gives."""

    delivery: str
    group_id: str
    topics: str


@dataclasses.dataclass(frozen=True, slots=True)
class WaitingFor(Happening):
    """Something outside is not there yet, and the worker tries again."""

    level: ClassVar[Level] = "warning"
    what: str
    error: str
    attempt: int
    waited_secs: float


@dataclasses.dataclass(frozen=True, slots=True)
class PartitionsAssigned(Happening):
    """The group gave this worker partitions (`topic[partition]` each)."""

    partitions: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class PartitionsRevoked(Happening):
    """The group takes partitions back; what was in flight was finished or dropped within `waited_secs`."""

    partitions: tuple[str, ...]
    waited_secs: float


@dataclasses.dataclass(frozen=True, slots=True)
class PartitionsLost(Happening):
    """The partitions belong to somebody else already: work on them is dropped, never committed."""

    level: ClassVar[Level] = "warning"
    partitions: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ChunkScrubbed(Happening):
    """One chunk went through the detectors."""

    level: ClassVar[Level] = "debug"
    records: int
    bytes_in: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class ChunkCommitted(Happening):
    """One transaction (or one at-least-once commit) is done."""

    level: ClassVar[Level] = "debug"
    records: int
    quarantined: int
    audited: int
    dropped_stale: int
    produce_secs: float
    commit_secs: float


@dataclasses.dataclass(frozen=True, slots=True)
class RecordsQuarantined(Happening):
    """Records that did not go on, by reason code."""

    level: ClassVar[Level] = "warning"
    count: int
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class TransactionAborted(Happening):
    """The transaction was aborted; its results are sent again from memory."""

    level: ClassVar[Level] = "warning"
    code: str
    attempt: int


@dataclasses.dataclass(frozen=True, slots=True)
class ProducerRebuilt(Happening):
    """A new producer with the same transactional id: the outcome of the last transaction was unknown, or slow."""

    level: ClassVar[Level] = "warning"
    code: str


@dataclasses.dataclass(frozen=True, slots=True)
class Rewound(Happening):
    """The consumer went back to the committed offsets; whatever was in the pipeline is dropped."""

    level: ClassVar[Level] = "warning"
    partitions: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ClientError(Happening):
    """librdkafka reported something it recovers from by itself."""

    level: ClassVar[Level] = "warning"
    client: str
    code: str


@dataclasses.dataclass(frozen=True, slots=True)
class WorkerStopped(Happening):
    """The worker left the group. `reason` is a signal name, `done`, or an error's code."""

    reason: str
    records: int
    transactions: int


@dataclasses.dataclass(frozen=True, slots=True)
class WatchdogFired(Happening):
    """A transactional call did not return in time and cannot be interrupted; the process ends."""

    level: ClassVar[Level] = "critical"
    stuck_secs: float


class Telemetry(Protocol):
    """Receives happenings. Implementations neither raise nor block: they run on the hot threads."""

    def emit(self, happening: Happening) -> None:
        """Take note of `happening`."""
        ...


class LogTelemetry:
    """Happenings as structured log lines: the class name in snake case is the event, the fields are the keys."""

    def __init__(self, logger: structlog.typing.FilteringBoundLogger) -> None:
        self._logger = logger
        self._names: dict[type[Happening], str] = {}

    def emit(self, happening: Happening) -> None:
        """Log one line."""
        kind = type(happening)
        name = self._names.get(kind) or self._names.setdefault(kind, _snake_case(kind.__name__))
        getattr(self._logger, happening.level)(name, **dataclasses.asdict(happening))


class Fanout:
    """Passes each happening to several receivers, in order."""

    def __init__(self, receivers: Sequence[Telemetry]) -> None:
        self._receivers = tuple(receivers)

    def emit(self, happening: Happening) -> None:
        """Tell everybody."""
        for receiver in self._receivers:
            receiver.emit(happening)


def _snake_case(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
