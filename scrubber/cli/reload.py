"""New policies and rules while the worker works: compiled and tested first, taken up between two chunks.

Their files are watched, and SIGHUP asks for a look at once. What is wrong is told, and the old ones stay in force.
Everything else in the configuration holds until the worker is restarted.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scrubber.errors import ConfigError
from scrubber.telemetry import PoliciesReloaded, ReloadFailed, Telemetry

POLL_SECS = 2.0


class Reloader:
    """Calls `reload` when `files` have changed; it raises where they are wrong."""

    def __init__(self, files: Sequence[Path], reload: Callable[[], None], telemetry: Telemetry) -> None:
        self._files = files
        self._reload = reload
        self._telemetry = telemetry
        self._taken = self._seen = self._state()

    def look(self, *, asked: bool = False) -> None:
        """Reload if the files changed, or if `asked`; not while a file is still being written."""
        before, self._seen = self._seen, self._state()
        if asked or before == self._seen != self._taken:
            self._taken = self._seen
            self._telemetry.emit(self._reloaded())

    def _reloaded(self) -> PoliciesReloaded | ReloadFailed:
        try:
            self._reload()
        except ConfigError as error:
            return ReloadFailed(tuple(map(str, error.problems)))
        except Exception as error:  # noqa: BLE001 - whatever it is, what works goes on
            return ReloadFailed((type(error).__qualname__,))
        return PoliciesReloaded(tuple(file.name for file in self._files))

    def _state(self) -> tuple[object, ...]:
        return tuple(map(_stamp, self._files))


@contextmanager
def reloading(files: Sequence[Path], reload: Callable[[], None], telemetry: Telemetry) -> Iterator[None]:
    """Watch the files while the block runs. For the main thread: it takes SIGHUP."""
    reloader = Reloader(files, reload, telemetry)
    asked, done = threading.Event(), threading.Event()

    def watch() -> None:
        while not done.is_set():
            is_asked = asked.wait(POLL_SECS)
            asked.clear()
            if not done.is_set():
                reloader.look(asked=is_asked)

    before = signal.signal(signal.SIGHUP, lambda _number, _frame: asked.set())
    watcher = threading.Thread(target=watch, name="reload", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        asked.set()
        watcher.join()
        signal.signal(signal.SIGHUP, before)


def _stamp(file: Path) -> object:
    """Return what changes when a file does; also when a link leads to another one, as in a mounted ConfigMap."""
    try:
        status = file.stat()
    except OSError as error:
        return error.errno
    return status.st_mtime_ns, status.st_size, status.st_ino
