"""Standard input and output of the commands that work line by line."""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from scrubber.core.lines import Line, LineSplitter
from scrubber.errors import ConfigError, Problem, ScrubberError

STDIN, STDOUT, STDERR = 0, 1, 2
BLOCK_BYTES = 256 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024


def batches_of_lines(advance: Callable[[int], None]) -> Iterator[list[Line]]:
    """Yield the lines of standard input as they come, many at once where many are there; `advance` gets their bytes."""
    splitter = LineSplitter(MAX_LINE_BYTES)
    for block in _blocks():
        yield splitter.push(block)
        advance(len(block))
    yield splitter.end()


def refuse_unwritable(files: Mapping[str, Path | None]) -> None:
    """Raise ConfigError where a file, by its option, cannot be written: before the work, not after it."""
    problems = [
        Problem(option, f"{file}: {reason}")
        for option, file in files.items()
        if file is not None and (reason := _unwritable(file))
    ]
    if problems:
        raise ConfigError(problems)


def _unwritable(file: Path) -> str:
    if file.is_dir():
        return os.strerror(errno.EISDIR)
    if not file.parent.is_dir():
        return os.strerror(errno.ENOENT)
    return "" if os.access(file if file.exists() else file.parent, os.W_OK) else os.strerror(errno.EACCES)


def file_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file (`-`: of standard input) with their ends. Raises ConfigError."""
    try:
        opened = click.open_file(os.fspath(path), "rb")
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error.strerror}")]) from None
    with opened as lines:
        yield from lines


def _blocks() -> Iterator[bytes]:
    """Yield what is there as soon as something is there: a slow producer must not wait for a block to fill."""
    while block := _read(BLOCK_BYTES):
        parts, size = [block], len(block)
        while size < BLOCK_BYTES and select.select([STDIN], [], [], 0)[0] and (more := _read(BLOCK_BYTES - size)):
            parts.append(more)
            size += len(more)
        yield b"".join(parts)


def _read(size: int) -> bytes:
    try:
        return os.read(STDIN, size)
    except OSError as error:
        raise ScrubberError(f"standard input cannot be read: {error.strerror}") from None


class Output:
    """A file to write to, by its descriptor. Nothing waits in a buffer: what `write` was given is on its way."""

    def __init__(self, name: str, descriptor: int) -> None:
        self._name = name
        self._descriptor = descriptor

    def write(self, lines: Sequence[bytes]) -> None:
        """Write `lines`. Raises BrokenPipeError where nobody reads standard output any more, else ScrubberError."""
        rest = memoryview(b"".join(lines))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            if isinstance(error, BrokenPipeError) and self._descriptor == STDOUT:
                raise
            raise ScrubberError(f"{self._name} cannot be written: {error.strerror}") from None


def standard_output() -> Output:
    """Return standard output."""
    return Output("standard output", STDOUT)


@contextmanager
def progress_bar() -> Iterator[Callable[[int], None]]:
    """Show how much of standard input is done, if standard error is a terminal and standard output is not."""
    if not os.isatty(STDERR) or os.isatty(STDOUT):
        yield lambda _size: None
        return
    from rich.console import Console  # noqa: PLC0415 - most uses are in pipes, and start sooner without
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("scrubbing"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=_input_bytes())
        yield lambda size: progress.advance(task, size)


def _input_bytes() -> int | None:
    """How long standard input is; None where that is not known, as of a pipe."""
    try:
        status = os.fstat(STDIN)
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
