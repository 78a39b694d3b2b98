"""`scrubber reveal`: encrypted values back, for whoever has the key; who asked for how many is written down."""

from __future__ import annotations

import os
import pwd
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
import orjson

from scrubber.cli.exits import Exit
from scrubber.config import load
from scrubber.config.keys import with_key_options
from scrubber.core.actions import Revealer
from scrubber.core.keys import NO_KEYS


@click.command
@click.argument("source", metavar="[FILE]", type=click.File("rb"), default="-")
@click.option("--config", "file", type=click.Path(path_type=Path), help="Configuration file (YAML) with the keys.")
@click.option("--key", "key_options", metavar="ID=FILE", multiple=True, help="A key, in base64 in a file. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="The text is JSON: escape values as inside a string.")
@click.option(
    "--audit",
    type=click.File("ab", lazy=False),  # opened first: what cannot be audited is not revealed
    help="File to append the audit line to. Left out: standard error.",
)
def command(
    *, source: BinaryIO, file: Path | None, key_options: tuple[str, ...], as_json: bool, audit: BinaryIO | None
) -> int:
    """Put the values back where their encryption tokens stand.

    Reads FILE (or standard input) and writes standard output, line by line. Whatever ends it, one audit line says who
    revealed how many values of which label with which key; it never holds a value. Ends with 1 where a token could not
    be opened: it stays as it is.
    """
    keys = with_key_options(load(file, os.environ).keys if file is not None else NO_KEYS, key_options)
    if not keys:
        raise click.UsageError("no key: give --key or --config")
    revealer = Revealer(keys, as_json=as_json)
    trail = audit if audit is not None else sys.stderr.buffer
    try:
        for line in source:
            sys.stdout.buffer.write(revealer.reveal(line))
        sys.stdout.buffer.flush()
    finally:
        trail.write(_audit_line(revealer))
        trail.flush()
    return Exit.FAILED if revealer.refused else Exit.OK


def _audit_line(revealer: Revealer) -> bytes:
    event = {
        "schema_version": 1,
        "event": "reveal",
        "at": datetime.now(UTC),
        "user": _user(),
        "revealed": _counts(revealer.revealed),
        "refused": _counts(revealer.refused),
    }
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)


def _user() -> str:
    """The name that the system knows the process by; the environment could say anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's made-up user
        return str(os.getuid())


def _counts(counter: Counter[tuple[str, str]]) -> list[dict[str, object]]:
    return [{"label": label, "key_id": key_id, "count": count} for (label, key_id), count in sorted(counter.items())]
