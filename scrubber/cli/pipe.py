"""`scrubber pipe`: standard input to standard output, line by line, through the engine of `run`."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scrubber.cli import confess
from scrubber.cli.exits import Exit
from scrubber.cli.options import with_choice
from scrubber.cli.standard import STDIN, STDOUT, Output, batches_of_lines, progress_bar, standard_output
from scrubber.core.keys import NO_KEYS
from scrubber.core.lines import Line
from scrubber.core.records import Chunk, Quarantined, Record
from scrubber.errors import ConfigError, Problem, Reason

if TYPE_CHECKING:  # see `options.py`
    from scrubber.cli.choices import Choice
    from scrubber.cli.wiring import Engine

SOURCE = "stdin"  # what audit events and envelopes name as the topic; the offset is the line number, from 0


@click.command
@with_choice
@click.option("--audit", type=click.Path(path_type=Path), help="File for audit events, one JSON object a line.")
@click.option("--quarantine", type=click.Path(path_type=Path), help="File for what must not go on (JSON lines).")
@click.option("--quarantine-key", metavar="ID=FILE", help="Key that encrypts quarantined lines. Left out: no content.")
def command(*, choice: Choice, audit: Path | None, quarantine: Path | None, quarantine_key: str | None) -> int:
    """Scrub standard input to standard output, line by line, in order.

    Lines that must not go on (not UTF-8, too long, dropped by policy) are left out: into the quarantine file, or
    counted on standard error. Ends with 0, with 1 if lines were left out and there is no quarantine file, with 2 if
    the policy is wrong.
    """
    from scrubber.config.keys import with_key_options  # noqa: PLC0415 - see `options.py`

    _refuse_shared({"--audit": audit, "--quarantine": quarantine})
    quarantine_keys = with_key_options(NO_KEYS, [quarantine_key] if quarantine_key else [], "--quarantine-key")
    with (
        choice.engine(quarantine_keys, confess) as engine,
        _written_anew(audit, "--audit") as events,
        _written_anew(quarantine, "--quarantine") as envelopes,
        progress_bar() as advance,
    ):
        lines = PipedLines(engine, standard_output(), events, envelopes)
        try:
            for batch in batches_of_lines(advance):
                lines.write(batch)
        except BrokenPipeError:
            return Exit.OK  # whoever reads has had enough
    if lines.left_out and quarantine is None:
        reasons = ", ".join(f"{count} {reason.value}" for reason, count in sorted(lines.left_out.items()))
        print(f"scrubber: lines left out: {reasons}", file=sys.stderr)
        return Exit.FAILED
    return Exit.OK


class PipedLines:
    """Scrubs lines and writes what becomes of them; `left_out` counts those that did not go on."""

    def __init__(self, engine: Engine, clean: Output, audit: Output | None, quarantine: Output | None) -> None:
        self.left_out: Counter[Reason] = Counter()
        self._engine = engine
        self._clean = clean
        self._audit = audit
        self._quarantine = quarantine
        self._read = 0

    def write(self, lines: list[Line]) -> None:
        """Scrub `lines` as one chunk, and write all of it."""
        records = [
            Record(SOURCE, 0, offset, -1, None, line.content, None)
            for offset, line in enumerate(lines, start=self._read)
        ]
        self._read += len(lines)
        clean, events, envelopes = [], [], []
        for line, record, scrubbed in zip(lines, records, self._engine.scrub(Chunk(records)).outcomes, strict=True):
            outcome = scrubbed
            if line.oversize_bytes:
                outcome = self._engine.seal(record, Reason.TOO_LONG, with_payload=False)
            if isinstance(outcome, Quarantined):
                self.left_out[outcome.reason] += 1
                envelopes += [outcome.envelope, b"\n"]
            else:
                _, value, _, event = outcome.clean(record)
                clean += [value or b"", b"\n" if line.ended else b""]
                events += [event, b"\n"] if event is not None else []
        # In this order: whatever ends the process, no line has left without its event.
        if self._audit is not None:
            self._audit.write(events)
        if self._quarantine is not None:
            self._quarantine.write(envelopes)
        self._clean.write(clean)


def _refuse_shared(files: Mapping[str, Path | None]) -> None:
    """Raise ConfigError where two streams would write over each other in one file, or over the input."""
    taken: dict[object, str] = {}
    for descriptor, name in ((STDIN, "standard input"), (STDOUT, "standard output")):
        with suppress(OSError):  # it is closed
            taken[_identity(os.fstat(descriptor))] = name
    problems = []
    for option, file in files.items():
        if file is None:
            continue
        try:
            identity: object = _identity(file.stat())
        except OSError:  # it is not there yet
            identity = os.path.realpath(file)
        if identity is not None and identity in taken:
            problems.append(Problem(option, f"{file} is {taken[identity]} already", "give each a file of its own"))
        taken[identity] = f"the file of {option}"
    if problems:
        raise ConfigError(problems)


def _identity(status: os.stat_result) -> tuple[int, int] | None:
    """Which file it is; None for a pipe, a terminal or the like, which any number may share."""
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _written_anew(file: Path | None, option: str) -> Iterator[Output | None]:
    if file is None:
        yield None
        return
    try:
        opened = file.open("wb", buffering=0)
    except OSError as error:
        raise ConfigError([Problem(option, f"{file}: {error.strerror}")]) from None
    with opened:
        yield Output(str(file), opened.fileno())
