"""Every metric of the worker, once: what Prometheus is told, `docs/METRICS.md`, alerts and dashboard all follow it.

Bounded cardinality: a label's values come from the configuration, from a closed set in the code, or from the partitions
that this worker holds. No label, and no number, says anything about a value in a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `name` is what a query says (`_total` and the unit included); `buckets` are of a histogram."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: Literal["", "records", "bytes", "seconds", "characters", "tokens", "timestamp"] = ""
    buckets: tuple[float, ...] = ()


_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_RECORDS: Final = (1.0, 10.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0)
_BYTES: Final = tuple(float(1 << shift) for shift in range(10, 31, 2))

BUILD: Final = Metric("scrubber_build_info", "gauge", "Always 1; the version of scrubber.", ("version",))
POLICY: Final = Metric(
    "scrubber_policy_info", "gauge", "Always 1; the policies in force, and their digests.", ("policy", "digest")
)
RULES: Final = Metric(
    "scrubber_rules_info",
    "gauge",
    "Always 1; digest of all rules in force, and how many they are.",
    ("digest", "rules"),
)
MODEL: Final = Metric(
    "scrubber_model_info",
    "gauge",
    "Always 1; the models that are loaded, and what runs them.",
    ("name", "revision", "digest", "engine", "device", "dtype"),
)
RELOADS: Final = Metric(
    "scrubber_reloads_total", "counter", "Policies and rules that were read again: `ok` or `failed`.", ("result",)
)

READY: Final = Metric("scrubber_ready", "gauge", "1 while `/readyz` says yes.")
LOOP_AGE: Final = Metric(
    "scrubber_loop_age_seconds",
    "gauge",
    "Since each of the worker's loops (consume, detect, commit) last came round; one that stands is stuck.",
    ("loop",),
    "seconds",
)
PARTITIONS: Final = Metric("scrubber_partitions_assigned", "gauge", "Partitions that this worker holds.")
LAG: Final = Metric(
    "scrubber_lag_records",
    "gauge",
    "Records between what this worker has committed and the end of the partition.",
    ("topic", "partition"),
    "records",
)
REBALANCES: Final = Metric(
    "scrubber_rebalances_total", "counter", "Partitions were `assigned`, `revoked` or `lost`.", ("kind",)
)
REWINDS: Final = Metric(
    "scrubber_rewinds_total", "counter", "The consumer went back to the committed offsets, to do work again."
)
CLIENT_ERRORS: Final = Metric(
    "scrubber_client_errors_total",
    "counter",
    "Errors that librdkafka told and recovers from by itself, by client and Kafka's error code.",
    ("client", "code"),
)

RECORDS_READ: Final = Metric(
    "scrubber_records_read_total",
    "counter",
    "Records that were scrubbed, those scrubbed again included.",
    (),
    "records",
)
BYTES_READ: Final = Metric("scrubber_read_bytes_total", "counter", "Bytes of their keys and values.", (), "bytes")
RECORDS_CLEAN: Final = Metric(
    "scrubber_records_clean_total", "counter", "Records committed to clean topics.", (), "records"
)
BYTES_CLEAN: Final = Metric("scrubber_clean_bytes_total", "counter", "Bytes of their keys and values.", (), "bytes")
RECORDS_QUARANTINED: Final = Metric(
    "scrubber_records_quarantined_total",
    "counter",
    "Records committed to quarantine, by reason.",
    ("reason",),
    "records",
)
BYTES_QUARANTINED: Final = Metric(
    "scrubber_quarantined_bytes_total",
    "counter",
    "Bytes of their keys and values as they were read, by reason.",
    ("reason",),
    "bytes",
)
RECORDS_STALE: Final = Metric(
    "scrubber_records_stale_total",
    "counter",
    "Records dropped before the commit: their partitions went to another worker, which reads them again.",
    (),
    "records",
)
AUDIT_EVENTS: Final = Metric("scrubber_audit_events_total", "counter", "Audit events committed.")
REDACTIONS: Final = Metric(
    "scrubber_redactions_total",
    "counter",
    "Spans that the policy acted upon, by label, detector and action.",
    ("label", "detector", "action"),
)
UNSCANNED: Final = Metric(
    "scrubber_unscanned_characters_total",
    "counter",
    "Characters that no rule has read. Must be 0: the worker stops rather than let them pass.",
    (),
    "characters",
)
VERIFY_HITS: Final = Metric(
    "scrubber_verify_hits_total",
    "counter",
    "Texts in which the rules found something after redaction. They went to quarantine; each is worth a look.",
)

SHADOW_RECORDS: Final = Metric(
    "scrubber_shadow_records_total",
    "counter",
    "Records that a policy in shadow mode was tried on: what it did was the `same`, or it was `different`.",
    ("policy", "shadow", "result"),
    "records",
)
SHADOW_REDACTIONS: Final = Metric(
    "scrubber_shadow_redactions_total",
    "counter",
    "Spans that `both` policies acted upon, the `policy` or the `shadow` alone, or both by another `action`; by label.",
    ("policy", "shadow", "label", "side"),
)
SHADOW_QUARANTINED: Final = Metric(
    "scrubber_shadow_quarantined_records_total",
    "counter",
    "Records that `both` policies would quarantine for the same reason, or the `policy` or the `shadow` alone.",
    ("policy", "shadow", "reason", "side"),
    "records",
)
SHADOW_FAILURES: Final = Metric(
    "scrubber_shadow_failures_total",
    "counter",
    "Chunks on which the shadow policy could not be run, by the class of the error.",
    ("error",),
)

TRANSACTIONS: Final = Metric(
    "scrubber_transactions_committed_total",
    "counter",
    "Chunks committed: transactions, or deliveries where delivery is at least once.",
)
ABORTS: Final = Metric(
    "scrubber_transactions_aborted_total",
    "counter",
    "Transactions aborted and sent again from memory, by Kafka's error code.",
    ("code",),
)
REBUILDS: Final = Metric(
    "scrubber_producer_rebuilds_total",
    "counter",
    "Producers made anew because the outcome of a transaction was unknown or slow, by cause.",
    ("code",),
)
LAST_COMMIT: Final = Metric(
    "scrubber_last_commit_timestamp_seconds", "gauge", "Unix time of the last commit.", (), "timestamp"
)

STAGE: Final = Metric(
    "scrubber_stage_seconds",
    "histogram",
    "Time of each stage, for each chunk: `scrub` as a whole, and within it `rules`, `model`, `redact`, `verify`; "
    "`produce` and `commit` after it.",
    ("stage",),
    "seconds",
    _SECONDS,
)
CHUNK_RECORDS: Final = Metric("scrubber_chunk_records", "histogram", "Records of each chunk.", (), "records", _RECORDS)
CHUNK_BYTES: Final = Metric("scrubber_chunk_bytes", "histogram", "Bytes of each chunk.", (), "bytes", _BYTES)

DEVICE_STAGE: Final = Metric(
    "scrubber_device_seconds",
    "histogram",
    "Time of each hand-over to the device: `wait` until it was free, `detect` until it had answered.",
    ("stage",),
    "seconds",
    _SECONDS,
)
MODEL_TEXTS: Final = Metric("scrubber_model_texts_total", "counter", "Texts that the model has read.")
MODEL_CHARACTERS: Final = Metric(
    "scrubber_model_characters_total", "counter", "Characters of those texts.", (), "characters"
)
MODEL_STAGE: Final = Metric(
    "scrubber_model_seconds_total",
    "counter",
    "Where the model's time goes: `split` into words, `plan` of batches, `copy` to the device and back, `forward` pass,"
    " `decode`.",
    ("stage",),
    "seconds",
)
MODEL_BATCHES: Final = Metric("scrubber_model_batches_total", "counter", "Batches that the device got.")
MODEL_TOKENS: Final = Metric(
    "scrubber_model_tokens_total", "counter", "Tokens in them, those of the labels included.", (), "tokens"
)
MODEL_PADDED: Final = Metric(
    "scrubber_model_padded_tokens_total",
    "counter",
    "Tokens that the device computed, padding included: 1 - tokens / padded is the share of padding.",
    (),
    "tokens",
)
CACHE_TEXTS: Final = Metric(
    "scrubber_cache_texts_total",
    "counter",
    "Texts that the cache was asked for: `hit`, or `miss` and read by the model.",
    ("result",),
)
CACHE_ENTRIES: Final = Metric("scrubber_cache_entries", "gauge", "Answers in the cache.")
CACHE_BYTES: Final = Metric("scrubber_cache_bytes", "gauge", "Memory of the cache.", (), "bytes")
DEVICE_MEMORY: Final = Metric(
    "scrubber_device_memory_bytes",
    "gauge",
    "GPU memory of the scrub process: `allocated` to tensors, `reserved` from the driver.",
    ("state",),
    "bytes",
)

GROUPS: Final[dict[str, tuple[Metric, ...]]] = {
    "What runs": (BUILD, POLICY, RULES, MODEL, RELOADS),
    "The worker in its group": (READY, LOOP_AGE, PARTITIONS, LAG, REBALANCES, REWINDS, CLIENT_ERRORS),
    "Records": (
        RECORDS_READ,
        BYTES_READ,
        RECORDS_CLEAN,
        BYTES_CLEAN,
        RECORDS_QUARANTINED,
        BYTES_QUARANTINED,
        RECORDS_STALE,
        AUDIT_EVENTS,
        REDACTIONS,
        UNSCANNED,
        VERIFY_HITS,
    ),
    "Shadow mode": (SHADOW_RECORDS, SHADOW_REDACTIONS, SHADOW_QUARANTINED, SHADOW_FAILURES),
    "Transactions": (TRANSACTIONS, ABORTS, REBUILDS, LAST_COMMIT),
    "Time and size": (STAGE, CHUNK_RECORDS, CHUNK_BYTES),
    "The model": (
        DEVICE_STAGE,
        MODEL_TEXTS,
        MODEL_CHARACTERS,
        MODEL_STAGE,
        MODEL_BATCHES,
        MODEL_TOKENS,
        MODEL_PADDED,
        CACHE_TEXTS,
        CACHE_ENTRIES,
        CACHE_BYTES,
        DEVICE_MEMORY,
    ),
}
CATALOGUE: Final = tuple(metric for group in GROUPS.values() for metric in group)

WATCHED: Final = frozenset({READY, LOOP_AGE, PARTITIONS, LAG})
"""Read when Prometheus asks, instead of counted when something happens."""
