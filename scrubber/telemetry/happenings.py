"""One frozen dataclass for each happening. Call sites stay one line: `telemetry.emit(ChunkCommitted(...))`.

Fields are counts, codes and coordinates, never a value of a record: what cannot be put in a field cannot leak. Nothing
happens for each record: one for each slice of a chunk is the most there is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Literal

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
class ScrubProcessStarted(Happening):
    """A process that scrubs for this worker has started; it still has to load model, policies and rules."""

    pid: int


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
class TextsScrubbed(Happening):
    """Keys, values and headers of one chunk went through the pipeline, and where the time went.

    `redactions` counts what was found and acted upon by (label, detector, action). `unscanned` are characters
    that no rule has read, `residual` texts in which the rules still found something after redaction: both should be 0.
    """

    level: ClassVar[Level] = "debug"
    texts: int
    unscanned: int
    residual: int
    redactions: tuple[tuple[tuple[str, str, str], int], ...]
    rules_secs: float
    model_secs: float
    redact_secs: float
    verify_secs: float


@dataclasses.dataclass(frozen=True, slots=True)
class ChunkCommitted(Happening):
    """One transaction (or one at-least-once commit) is done.

    `records` were committed, of them `quarantined`; `dropped_stale` were not: their partitions belong to somebody else.
    `clean_bytes` counts keys and values; `next_offsets` are topic, partition and next offset.
    """

    level: ClassVar[Level] = "debug"
    records: int
    quarantined: int
    audited: int
    dropped_stale: int
    produce_secs: float
    commit_secs: float
    clean_bytes: int = 0
    next_offsets: tuple[tuple[str, int, int], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class RecordFailed(Happening):
    """Code of ours raised `error` on a record, which goes to quarantine: a bug. `where` it was, innermost last."""

    level: ClassVar[Level] = "error"
    error: str
    where: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class RecordsQuarantined(Happening):
    """Records that did not go on, by reason code."""

    level: ClassVar[Level] = "warning"
    count: int
    reason: str
    bytes: int = 0


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


@dataclasses.dataclass(frozen=True, slots=True)
class PartitionsFollowed(Happening):
    """Where the partitions end that this worker reads, and where it stands (`topic[partition]`: (end, position))."""

    level: ClassVar[Level] = "debug"
    places: Mapping[str, tuple[int, int]]


@dataclasses.dataclass(frozen=True, slots=True)
class PoliciesInForce(Happening):
    """Policies (name, digest) and rules hold from now on."""

    policies: tuple[tuple[str, str], ...]
    rules: int
    rules_digest: str


@dataclasses.dataclass(frozen=True, slots=True)
class PoliciesReloaded(Happening):
    """New policies or rules hold from the next chunk on."""

    files: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ReloadFailed(Happening):
    """The new policies or rules are wrong; the old ones stay in force."""

    level: ClassVar[Level] = "error"
    problems: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ShadowCompared(Happening):
    """How a policy and the one that is tried beside it differ, in one chunk.

    `findings` are (label, side, count), `quarantined` (reason, side, count). A side is "both", "policy" or "shadow":
    who did it; or "action": both, each with another action. `differing` records have any side but "both".
    """

    level: ClassVar[Level] = "debug"
    policy: str
    shadow: str
    records: int
    differing: int
    findings: tuple[tuple[str, str, int], ...]
    quarantined: tuple[tuple[str, str, int], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ShadowSummary(Happening):
    """The same as `ShadowCompared`, since these policies are in force."""

    policy: str
    shadow: str
    records: int
    differing: int
    findings: tuple[tuple[str, str, int], ...]
    quarantined: tuple[tuple[str, str, int], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ShadowFailed(Happening):
    """The policy that is tried could not be run on a chunk; `error` is the class. The live policy is not touched."""

    level: ClassVar[Level] = "warning"
    error: str
    records: int


@dataclasses.dataclass(frozen=True, slots=True)
class ModelLoaded(Happening):
    """A model is in memory. `engine` is "own", "gliner library", "torch" or "onnxruntime"; `reason` why not our own."""

    level: ClassVar[Level] = "info"
    name: str
    revision: str
    digest: str
    engine: str
    reason: str
    device: str
    dtype: str


@dataclasses.dataclass(frozen=True, slots=True)
class DetectorsReady(Happening):
    """All detectors are warmed up: the first chunk will not wait for them."""

    detectors: int


@dataclasses.dataclass(frozen=True, slots=True)
class DeviceMemoryUsed(Happening):
    """GPU memory of the scrub process, in bytes: in tensors, and taken from the driver for them."""

    level: ClassVar[Level] = "debug"
    allocated: int
    reserved: int


@dataclasses.dataclass(frozen=True, slots=True)
class TextsDetected(Happening):
    """The device answered for one hand-off; `waited_secs` is how long the texts waited for it."""

    level: ClassVar[Level] = "debug"
    texts: int
    characters: int
    waited_secs: float
    detect_secs: float


@dataclasses.dataclass(frozen=True, slots=True)
class CacheAsked(Happening):
    """One call: texts asked for, how many of them the model had to read, and the size of the cache after it."""

    level: ClassVar[Level] = "debug"
    texts: int
    read: int
    entries: int
    bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class BatchComputed(Happening):
    """The device has answered for a batch of so many windows: a sign of life, however long the call goes on."""

    level: ClassVar[Level] = "debug"
    windows: int


@dataclasses.dataclass(frozen=True, slots=True)
class ModelRan(Happening):
    """One call of the engine: how much it read and where the time went.

    `tokens` counts the labels' too, `prompt_tokens` of each window; `padded_tokens` is what the device computed. The
    stages of the device (copy and forward) run beside those of the host, so their sum may be more than the call took.
    """

    level: ClassVar[Level] = "debug"
    texts: int
    windows: int
    batches: int
    words: int
    prompt_tokens: int
    tokens: int
    padded_tokens: int
    split_secs: float
    plan_secs: float
    copy_secs: float
    forward_secs: float
    decode_secs: float

    def stages(self) -> dict[str, float]:
        """Where the time went, in seconds."""
        return {stage: getattr(self, f"{stage}_secs") for stage in ("split", "plan", "copy", "forward", "decode")}


@dataclasses.dataclass(frozen=True, slots=True)
class HttpServing(Happening):
    """Metrics and health are served at this address."""

    address: str
    port: int
