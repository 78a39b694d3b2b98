"""Happenings -> metrics: the numbers of `catalogue.py`, in a registry of their own.

Recording costs the same for a chunk of one record and for one of ten thousand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from scrubber.errors import Reason
from scrubber.telemetry import catalogue
from scrubber.telemetry.catalogue import Metric
from scrubber.telemetry.happenings import (
    CacheAsked,
    ChunkCommitted,
    ChunkScrubbed,
    ClientError,
    DeviceMemoryUsed,
    Happening,
    ModelLoaded,
    ModelRan,
    PartitionsAssigned,
    PartitionsFollowed,
    PartitionsLost,
    PartitionsRevoked,
    PoliciesInForce,
    PoliciesReloaded,
    ProducerRebuilt,
    RecordsQuarantined,
    ReloadFailed,
    Rewound,
    ScrubProcessStarted,
    ShadowCompared,
    ShadowFailed,
    TextsDetected,
    TextsScrubbed,
    TransactionAborted,
)
from scrubber.telemetry.lag import Lag
from scrubber.telemetry.processes import Processes

Values = Callable[[], Mapping[tuple[str, ...], float]]
"""Reads a gauge when Prometheus asks: label values -> value."""

_CLASSES: Final = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
_KEEP_DIGITS: Final = 16
_CLOSED: Final[dict[Metric, tuple[str, ...]]] = {
    catalogue.RECORDS_QUARANTINED: tuple(Reason),
    catalogue.BYTES_QUARANTINED: tuple(Reason),
    catalogue.REBALANCES: ("assigned", "revoked", "lost"),
    catalogue.RELOADS: ("ok", "failed"),
}


class Metrics:
    """A `Telemetry` that counts. `registry` is what the server shows; `watch` adds gauges that are read when asked."""

    def __init__(self, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each, which nobody asks for
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._scrub_processes = Processes("scrub")
        self.registry.register(self._scrub_processes)
        self._lag = Lag()
        self._watched = _Watched({catalogue.LAG: self._lag.read, catalogue.PARTITIONS: self._partitions})
        self._made = {each: self._make(each) for each in catalogue.CATALOGUE if each not in catalogue.WATCHED}
        self.registry.register(self._watched)
        self._start_at_zero()
        self._one(catalogue.BUILD, version).set(1)
        self._handlers = self._all_handlers()

    def emit(self, happening: Happening) -> None:
        """Count it, if there is anything to count."""
        handler = self._handlers.get(type(happening))
        if handler is not None:
            handler(happening)

    def watch(self, metric: Metric, values: Values) -> None:
        """Read `metric`, one of `catalogue.WATCHED`, whenever Prometheus asks."""
        assert metric in catalogue.WATCHED, "A metric that is counted cannot be watched. This is a bug."
        self._watched.sources[metric] = values

    def _all_handlers(self) -> dict[type[Happening], Callable[[Any], None]]:
        return {
            PartitionsAssigned: self._assigned,
            PartitionsRevoked: self._revoked,
            PartitionsLost: self._lost,
            PartitionsFollowed: lambda it: self._lag.follow(it.places),
            Rewound: lambda _: self._one(catalogue.REWINDS).inc(),
            ClientError: lambda it: self._one(catalogue.CLIENT_ERRORS, it.client, it.code).inc(),
            TextsScrubbed: self._texts_scrubbed,
            ChunkScrubbed: self._chunk_scrubbed,
            ChunkCommitted: self._committed,
            RecordsQuarantined: self._quarantined,
            TransactionAborted: lambda it: self._one(catalogue.ABORTS, it.code).inc(),
            ProducerRebuilt: lambda it: self._one(catalogue.REBUILDS, it.code).inc(),
            ShadowCompared: self._shadow,
            ShadowFailed: lambda it: self._one(catalogue.SHADOW_FAILURES, it.error).inc(),
            PoliciesInForce: self._policies,
            PoliciesReloaded: lambda _: self._one(catalogue.RELOADS, "ok").inc(),
            ReloadFailed: lambda _: self._one(catalogue.RELOADS, "failed").inc(),
            ModelLoaded: self._model_loaded,
            ModelRan: self._model_ran,
            TextsDetected: self._detected,
            DeviceMemoryUsed: self._device_memory,
            ScrubProcessStarted: lambda it: self._scrub_processes.add(it.pid),
            CacheAsked: self._cache,
        }

    # -- the group ---------------------------------------------------------------------------------------------------

    def _assigned(self, it: PartitionsAssigned) -> None:
        self._lag.hold(it.partitions)
        self._one(catalogue.REBALANCES, "assigned").inc()

    def _revoked(self, it: PartitionsRevoked) -> None:
        self._lag.drop(it.partitions)
        self._one(catalogue.REBALANCES, "revoked").inc()

    def _lost(self, it: PartitionsLost) -> None:
        self._lag.drop(it.partitions)
        self._one(catalogue.REBALANCES, "lost").inc()

    def _partitions(self) -> Mapping[tuple[str, ...], float]:
        return {(): float(self._lag.held)}

    # -- records -----------------------------------------------------------------------------------------------------

    def _texts_scrubbed(self, it: TextsScrubbed) -> None:
        self._one(catalogue.UNSCANNED).inc(it.unscanned)
        self._one(catalogue.VERIFY_HITS).inc(it.residual)
        for values, count in it.redactions:
            self._one(catalogue.REDACTIONS, *values).inc(count)
        stages = {"rules": it.rules_secs, "model": it.model_secs, "redact": it.redact_secs, "verify": it.verify_secs}
        for stage, seconds in stages.items():
            self._one(catalogue.STAGE, stage).observe(seconds)

    def _chunk_scrubbed(self, it: ChunkScrubbed) -> None:
        self._one(catalogue.RECORDS_READ).inc(it.records)
        self._one(catalogue.BYTES_READ).inc(it.bytes_in)
        self._one(catalogue.CHUNK_RECORDS).observe(it.records)
        self._one(catalogue.CHUNK_BYTES).observe(it.bytes_in)
        self._one(catalogue.STAGE, "scrub").observe(it.seconds)

    def _committed(self, it: ChunkCommitted) -> None:
        self._one(catalogue.RECORDS_STALE).inc(it.dropped_stale)
        if not it.records:
            return
        self._one(catalogue.RECORDS_CLEAN).inc(it.records - it.quarantined)
        self._one(catalogue.BYTES_CLEAN).inc(it.clean_bytes)
        self._one(catalogue.AUDIT_EVENTS).inc(it.audited)
        self._one(catalogue.TRANSACTIONS).inc()
        self._one(catalogue.LAST_COMMIT).set(time.time())
        self._one(catalogue.STAGE, "produce").observe(it.produce_secs)
        self._one(catalogue.STAGE, "commit").observe(it.commit_secs)
        self._lag.committed(it.next_offsets)

    def _quarantined(self, it: RecordsQuarantined) -> None:
        self._one(catalogue.RECORDS_QUARANTINED, it.reason).inc(it.count)
        self._one(catalogue.BYTES_QUARANTINED, it.reason).inc(it.bytes)

    def _shadow(self, it: ShadowCompared) -> None:
        pair = it.policy, it.shadow
        self._one(catalogue.SHADOW_RECORDS, *pair, "same").inc(it.records - it.differing)
        self._one(catalogue.SHADOW_RECORDS, *pair, "different").inc(it.differing)
        for label, side, count in it.findings:
            self._one(catalogue.SHADOW_REDACTIONS, *pair, label, side).inc(count)
        for reason, side, count in it.quarantined:
            self._one(catalogue.SHADOW_QUARANTINED, *pair, reason, side).inc(count)

    # -- what runs ---------------------------------------------------------------------------------------------------

    def _policies(self, it: PoliciesInForce) -> None:
        self._made[catalogue.POLICY].clear()
        self._made[catalogue.RULES].clear()
        for name, digest in it.policies:
            self._one(catalogue.POLICY, name, digest[:_KEEP_DIGITS]).set(1)
        self._one(catalogue.RULES, it.rules_digest[:_KEEP_DIGITS], str(it.rules)).set(1)

    def _model_loaded(self, it: ModelLoaded) -> None:
        names = (it.name, it.revision, it.digest[:_KEEP_DIGITS], it.engine, it.device, it.dtype)
        self._one(catalogue.MODEL, *names).set(1)

    def _model_ran(self, it: ModelRan) -> None:
        self._one(catalogue.MODEL_BATCHES).inc(it.batches)
        self._one(catalogue.MODEL_TOKENS).inc(it.tokens)
        self._one(catalogue.MODEL_PADDED).inc(it.padded_tokens)
        for stage, seconds in it.stages().items():
            self._one(catalogue.MODEL_STAGE, stage).inc(seconds)

    def _device_memory(self, it: DeviceMemoryUsed) -> None:
        self._one(catalogue.DEVICE_MEMORY, "allocated").set(it.allocated)
        self._one(catalogue.DEVICE_MEMORY, "reserved").set(it.reserved)

    def _detected(self, it: TextsDetected) -> None:
        self._one(catalogue.MODEL_TEXTS).inc(it.texts)
        self._one(catalogue.MODEL_CHARACTERS).inc(it.characters)
        self._one(catalogue.DEVICE_STAGE, "wait").observe(it.waited_secs)
        self._one(catalogue.DEVICE_STAGE, "detect").observe(it.detect_secs)

    def _cache(self, it: CacheAsked) -> None:
        self._one(catalogue.CACHE_TEXTS, "hit").inc(it.texts - it.read)
        self._one(catalogue.CACHE_TEXTS, "miss").inc(it.read)
        self._one(catalogue.CACHE_ENTRIES).set(it.entries)
        self._one(catalogue.CACHE_BYTES).set(it.bytes)

    # -- the library -------------------------------------------------------------------------------------------------

    def _start_at_zero(self) -> None:
        """Closed sets of labels are there from the start: `increase` does not see a counter that begins at 1."""
        for metric, values in _CLOSED.items():
            for value in values:
                self._one(metric, value)

    def _make(self, metric: Metric) -> Any:
        options = {"buckets": metric.buckets} if metric.buckets else {}
        return _CLASSES[metric.kind](metric.name, metric.help, metric.labels, registry=self.registry, **options)

    def _one(self, metric: Metric, *values: str) -> Any:
        made = self._made[metric]
        return made.labels(*values) if metric.labels else made


class _Watched(Collector):
    """Gauges that are read when Prometheus asks."""

    def __init__(self, sources: dict[Metric, Values]) -> None:
        self.sources = sources

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what there is to read now."""
        for metric, values in list(self.sources.items()):
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for labels, value in values().items():
                family.add_metric(labels, value)
            yield family
