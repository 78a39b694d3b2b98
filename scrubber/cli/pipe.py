"""`scrubber pipe`: standard input to standard output, line by line, through the engine of `run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from scrubber.cli.exits import Exit
from scrubber.cli.wiring import Engine, open_detectors, read_policy, single_policy_engine
from scrubber.config import ModelSection
from scrubber.config.keys import with_key_options
from scrubber.core.keys import NO_KEYS
from scrubber.core.lines import Line, LineSplitter
from scrubber.core.records import Chunk, Clean, Outcome, Record
from scrubber.errors import Reason

BLOCK_BYTES = 256 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024
SOURCE = "stdin"  # what audit events and envelopes name as the topic; the offset is the line number, from 0


@click.command
@click.option("--policy", default="logs", show_default=True, metavar="NAME|FILE", help="Preset or policy file (YAML).")
@click.option("--audit", type=click.File("wb", lazy=False), help="File for audit events, one JSON object a line.")
@click.option("--quarantine", type=click.File("wb", lazy=False), help="File for what must not go on (JSON lines).")
@click.option(
    "--key", "key_options", metavar="ID=FILE", multiple=True, help="Key for the policy's actions. Repeatable."
)
@click.option("--quarantine-key", metavar="ID=FILE", help="Key that encrypts quarantined lines. Left out: no content.")
@click.option("--model", metavar="DIR", type=click.Path(path_type=Path), help="GLiNER model to use beside the rules.")
def command(
    *,
    policy: str,
    audit: BinaryIO | None,
    quarantine: BinaryIO | None,
    key_options: tuple[str, ...],
    quarantine_key: str | None,
    model: Path | None,
) -> int:
    """Scrub standard input to standard output, line by line, in order.

    Lines that must not go on (not UTF-8, too long, dropped by policy) are left out: into the quarantine file, or
    counted on standard error. Ends with 0, with 1 if lines were left out and there is no quarantine file, with 2 if
    the policy is wrong.
    """
    keys = with_key_options(NO_KEYS, key_options)
    quarantine_keys = with_key_options(NO_KEYS, [quarantine_key] if quarantine_key else [])
    compiled = read_policy(policy, keys)
    section = ModelSection(kind="gliner", path=str(model)) if model is not None else ModelSection()
    source = sys.stdin.buffer
    try:
        with open_detectors(section) as detectors, _progress(source) as advance:
            engine = single_policy_engine(compiled, detectors, quarantine_keys=quarantine_keys, keys=keys)
            lines = PipedLines(engine, sys.stdout.buffer, audit, quarantine)
            splitter = LineSplitter(MAX_LINE_BYTES)
            while block := os.read(source.fileno(), BLOCK_BYTES):
                lines.write(splitter.push(block))
                advance(len(block))
            lines.write(splitter.end())
    except BrokenPipeError:
        _leave_stdout_alone()
        return Exit.OK  # whoever reads has had enough
    if lines.left_out and quarantine is None:
        print(f"scrubber: {lines.left_out} lines left out: {lines.reasons()}", file=sys.stderr)
        return Exit.FAILED
    return Exit.OK


class PipedLines:
    """Scrubs lines and writes what becomes of them; what is written is on its way when `write` returns."""

    def __init__(self, engine: Engine, clean: BinaryIO, audit: BinaryIO | None, quarantine: BinaryIO | None) -> None:
        self._engine = engine
        self._clean = clean
        self._audit = audit
        self._quarantine = quarantine
        self._read = 0
        self._left_out: dict[Reason, int] = {}

    @property
    def left_out(self) -> int:
        """Lines that did not go on."""
        return sum(self._left_out.values())

    def reasons(self) -> str:
        """Counts by reason code, for people."""
        return ", ".join(f"{count} {reason.value}" for reason, count in sorted(self._left_out.items()))

    def write(self, lines: list[Line]) -> None:
        """Scrub `lines` as one chunk."""
        if not lines:
            return
        records = [
            Record(SOURCE, 0, offset, -1, None, line.content, None)
            for offset, line in enumerate(lines, start=self._read)
        ]
        self._read += len(lines)
        done = self._engine.scrub(Chunk(records))
        outcomes = [
            self._engine.seal(record, Reason.TOO_LONG, with_payload=False) if line.oversize_bytes else outcome
            for line, record, outcome in zip(lines, records, done.outcomes, strict=True)
        ]
        with ExitStack() as flushing:  # audit and quarantine first: no clean line without its event
            for file in (self._clean, self._quarantine, self._audit):
                if file is not None:
                    flushing.callback(file.flush)
            for line, outcome in zip(lines, outcomes, strict=True):
                self._write_one(line, outcome)

    def _write_one(self, line: Line, outcome: Outcome) -> None:
        if isinstance(outcome, Clean):
            if self._audit is not None and outcome.audit is not None:
                self._audit.write(outcome.audit + b"\n")
            self._clean.write((outcome.value or b"") + (b"\n" if line.ended else b""))
            return
        self._left_out[outcome.reason] = self._left_out.get(outcome.reason, 0) + 1
        if self._quarantine is not None:
            self._quarantine.write(outcome.envelope + b"\n")


@contextmanager
def _progress(source: BinaryIO) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, if that is a terminal and the clean lines go elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda _size: None
        return
    status = os.fstat(source.fileno())
    total = status.st_size or None  # a pipe has no size
    columns = (TextColumn("scrubbing"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda size: progress.advance(task, size)


def _leave_stdout_alone() -> None:
    """Python would try to flush standard output again at exit, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
