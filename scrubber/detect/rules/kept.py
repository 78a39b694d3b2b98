"""Compiled databases, kept from one start to the next: making them is most of a start.

They lie in the user's cache folder (`$XDG_CACHE_HOME/scrubber/rules`, else `~/.cache/scrubber/rules`), a database in
one file for each set of expressions, version of Vectorscan and processor. A file is read only if nobody else could have
written it, and only if it still holds what was written; whatever else is there is made anew. Where nothing can be
written, nothing is kept. A database from a file goes through the same trial as one that was just compiled.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import stat
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import hyperscan

WORTH_SECS = 0.2
"""What is made faster is not kept."""

MAX_BYTES = 64 << 20
_MAX_FILES = 8  # 5 MB each: rules change, and old ones are never asked for again
_DIGEST_BYTES = 32


def compiled(
    expressions: Sequence[bytes], ids: Sequence[int], *, anew: bool = False
) -> tuple[hyperscan.Database, bool]:
    """Return a database of `expressions` for several lines, and whether it comes from a file.

    `anew`: whatever file there is, is replaced. Raises hyperscan.error where an expression is refused.
    """
    file = folder() / f"{_name(expressions, ids)}.vectorscan"
    content = None if anew else _read(file)
    if content is not None:
        with contextlib.suppress(hyperscan.error):  # of another version, or of another processor
            database = hyperscan.loadb(content, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)  # which compiling makes by itself
            return database, True
    database = hyperscan.Database()
    began = time.perf_counter()
    database.compile(expressions=expressions, ids=ids, flags=hyperscan.HS_FLAG_MULTILINE)
    if time.perf_counter() - began > WORTH_SECS:
        with contextlib.suppress(OSError):
            _write(file, hyperscan.dumpb(database))
    return database, False


def folder() -> Path:
    """Return where databases are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path.home() may raise
    return Path(home) / "scrubber" / "rules"


def _name(expressions: Sequence[bytes], ids: Sequence[int]) -> str:
    digest = hashlib.sha256(f"{importlib.metadata.version('hyperscan')} {platform.machine()} {_processor()}".encode())
    for expression, number in zip(expressions, ids, strict=True):
        digest.update(b"\0%d %d " % (number, len(expression)) + expression)
    return digest.hexdigest()


def _processor() -> str:
    """Return what the processor can do, where the system tells: the code of a database is chosen by it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return ""


def _read(file: Path) -> bytes | None:
    """Return what was written, or None where that is not sure."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:  # noqa: PTH123 - a descriptor
            if not (_is_ours_alone(os.fstat(descriptor)) and _is_ours_alone(file.parent.lstat())):
                return None
            read = opened.read(MAX_BYTES)
    except OSError:
        return None
    digest, content = read[:_DIGEST_BYTES], read[_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None


def _is_ours_alone(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_ours_alone(file.parent.lstat()):
        return
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # 0600
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor
            opened.write(hashlib.sha256(content).digest() + content)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    by_age = sorted(file.parent.glob(f"*{file.suffix}"), key=lambda kept: kept.stat().st_mtime)
    for old in by_age[:-_MAX_FILES]:
        old.unlink(missing_ok=True)
