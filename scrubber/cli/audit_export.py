"""Audit events as a table, one row for each redaction, in a Parquet file or a DuckDB database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from scrubber.cli.audit_events import AuditEvent
from scrubber.detect.runtime.extras import require
from scrubber.errors import ConfigError, Problem

COLUMNS: Final = {
    "topic": "VARCHAR",
    "partition": "INTEGER",
    "record_offset": "BIGINT",
    "record_time": "TIMESTAMP",
    "policy": "VARCHAR",
    "policy_digest": "VARCHAR",
    "path": "VARCHAR",
    "label": "VARCHAR",
    "action": "VARCHAR",
    "score": "DOUBLE",
    "detector": "VARCHAR",
    "rule": "VARCHAR",
    "span_start": "BIGINT",
    "span_end": "BIGINT",
    "out_start": "BIGINT",
    "out_end": "BIGINT",
    "fingerprint": "VARCHAR",
    "excluded_characters": "BIGINT",
}
"""Column -> type. `record_time` is UTC, null where the source gave no time; `excluded_characters` is of the record."""


def write(events: Iterable[AuditEvent | None], target: Path, *, as_parquet: bool) -> tuple[int, int]:
    """Write the file anew, and return how many rows it has and how many lines were no events. Raises ConfigError."""
    duckdb = require("duckdb", "audit", "audit export")
    unknown = rows = 0
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as lines:
        for event in events:
            if event is None:
                unknown += 1
                continue
            for row in _rows(event):
                lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
                rows += 1
        lines.flush()
        try:
            _convert(duckdb, lines.name, target, as_parquet=as_parquet)
        except duckdb.Error as error:
            hint = "it is there already: is it a DuckDB database?" if target.exists() and not as_parquet else ""
            problem = Problem(str(target), f"cannot be written: DuckDB's {type(error).__name__}", hint)
        else:
            return rows, unknown
    raise ConfigError([problem])


def _rows(event: AuditEvent) -> Iterator[dict[str, Any]]:
    source = event.source
    for it in event.redactions:
        values = (
            source.topic,
            source.partition,
            source.offset,
            source.timestamp_ms if source.timestamp_ms > 0 else None,
            event.policy.name,
            event.policy.digest,
            it.path,
            it.label,
            it.action,
            it.score,
            it.detector,
            it.rule,
            it.start,
            it.end,
            it.out_start,
            it.out_end,
            it.fingerprint,
            event.excluded_characters,
        )
        yield dict(zip(COLUMNS, values, strict=True))


def _convert(duckdb: Any, lines: str, target: Path, *, as_parquet: bool) -> None:
    types = {**COLUMNS, "record_time": "BIGINT"}
    given = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    columns = ", ".join(
        "make_timestamp(record_time * 1000) AS record_time" if it == "record_time" else it for it in COLUMNS
    )
    table = f"SELECT {columns} FROM read_json(?, format = 'newline_delimited', columns = {{{given}}})"  # noqa: S608 - ours
    with duckdb.connect(":memory:" if as_parquet else str(target)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if as_parquet:
            place = str(target).replace("'", "''")
            connection.execute(f"COPY ({table}) TO '{place}' (FORMAT parquet, COMPRESSION zstd)", [lines])
        else:
            connection.execute(f"CREATE OR REPLACE TABLE redactions AS {table}", [lines])
