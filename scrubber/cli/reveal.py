"""`scrubber reveal`: encrypted values back, for whoever has the key; who asked for how many is written down."""

from __future__ import annotations

import os
import pwd
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

import click
import orjson

from scrubber.cli.exits import Exit
from scrubber.config import load
from scrubber.config.keys import with_key_options
from scrubber.core.actions import Revealer
from scrubber.core.keys import NO_KEYS

BLOCK_BYTES: Final = 1024 * 1024


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
    *, source: BufferedReader, file: Path | None, key_options: tuple[str, ...], as_json: bool, audit: BinaryIO | None
) -> int:
    """Put the values back where their encryption tokens stand.

    Reads FILE (or standard input) and writes standard output, as many lines at once as are there, up to a MiB. Before
    their values leave, an audit line says who revealed how many of which label with which key; it never holds a value,
    and where it cannot be written nothing leaves. Ends with 1 where a token could not be opened: it stays as it is.
    """
    keys = with_key_options(load(file, os.environ).keys if file is not None else NO_KEYS, key_options)
    if not keys:
        raise click.UsageError("no key: give --key or --config")
    revealer = Revealer(keys, as_json=as_json)
    trail = audit if audit is not None else sys.stderr.buffer
    is_audited = has_refused = False
    for lines in _lines(source):
        clear = revealer.reveal(lines)
        if revealer.revealed or revealer.refused:
            _write(trail, _audit_line(revealer))
            is_audited, has_refused = True, has_refused or bool(revealer.refused)
            revealer.revealed.clear()
            revealer.refused.clear()
        _write(sys.stdout.buffer, clear)
    if not is_audited:
        _write(trail, _audit_line(revealer))
    return Exit.FAILED if has_refused else Exit.OK


def _write(output: BinaryIO, content: bytes) -> None:
    output.write(content)
    output.flush()


def _lines(source: BufferedReader) -> Iterator[bytes]:
    """Yield whole lines, as many as are there."""
    begun: list[bytes] = []
    while block := source.read1(BLOCK_BYTES):
        whole, end, rest = block.rpartition(b"\n")
        if end:
            yield b"".join([*begun, whole, end])
            begun.clear()
        begun.append(rest)
    yield b"".join(begun)


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
