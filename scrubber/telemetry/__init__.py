"""What the worker tells of itself: to the log, to Prometheus, to traces. Everything starts as a happening.

happenings.py   what can happen: one frozen dataclass each
receivers.py    `Telemetry`, who hears of it: the log, several at once
catalogue.py    every metric there is
metrics.py      happenings -> metrics
processes.py    what Prometheus wants to know of a process, for several
health.py       happenings -> live? ready?
server.py       /metrics, /healthz, /readyz
tracing.py      happenings -> OpenTelemetry spans
"""

from scrubber.telemetry.happenings import (
    BatchComputed,
    CacheAsked,
    ChunkCommitted,
    ChunkScrubbed,
    ClientError,
    DetectorsReady,
    DeviceMemoryUsed,
    Happening,
    HttpServing,
    Level,
    ModelLoaded,
    ModelRan,
    PartitionsAssigned,
    PartitionsFollowed,
    PartitionsLost,
    PartitionsRevoked,
    PoliciesInForce,
    PoliciesReloaded,
    ProducerRebuilt,
    RecordFailed,
    RecordsQuarantined,
    ReloadFailed,
    Rewound,
    ScrubProcessStarted,
    ShadowCompared,
    ShadowFailed,
    ShadowSummary,
    TextsDetected,
    TextsScrubbed,
    TransactionAborted,
    WaitingFor,
    WatchdogFired,
    WorkerStarted,
    WorkerStopped,
)
from scrubber.telemetry.receivers import Fanout, LogTelemetry, Telemetry

__all__ = [
    "BatchComputed",
    "CacheAsked",
    "ChunkCommitted",
    "ChunkScrubbed",
    "ClientError",
    "DetectorsReady",
    "DeviceMemoryUsed",
    "Fanout",
    "Happening",
    "HttpServing",
    "Level",
    "LogTelemetry",
    "ModelLoaded",
    "ModelRan",
    "PartitionsAssigned",
    "PartitionsFollowed",
    "PartitionsLost",
    "PartitionsRevoked",
    "PoliciesInForce",
    "PoliciesReloaded",
    "ProducerRebuilt",
    "RecordFailed",
    "RecordsQuarantined",
    "ReloadFailed",
    "Rewound",
    "ScrubProcessStarted",
    "ShadowCompared",
    "ShadowFailed",
    "ShadowSummary",
    "Telemetry",
    "TextsDetected",
    "TextsScrubbed",
    "TransactionAborted",
    "WaitingFor",
    "WatchdogFired",
    "WorkerStarted",
    "WorkerStopped",
]
