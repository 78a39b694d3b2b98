"""New policies and rules while the worker works: compiled and tested first, taken up between two chunks.

Their files are watched, and SIGHUP asks for a look at once. What is wrong is told, and the old ones stay in force.
Everything else in the configuration holds until the worker is restarted.
"""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scrubber.cli.wiring import worker_engine
from scrubber.config import Config
from scrubber.core.records import Chunk, Quarantined, Record, ScrubbedChunk
from scrubber.detect.detector import Detector
from scrubber.errors import ConfigError, Reason
from scrubber.telemetry import PoliciesReloaded, ReloadFailed, Telemetry

POLL_SECS = 2.0


class ReloadingEngine:
    """The engine of the worker, and whatever takes its place. `scrub` and `seal` are what the runner needs."""

    def __init__(self, config: Config, detectors: Sequence[Detector], telemetry: Telemetry) -> None:
        self._config = config
        self._detectors = detectors
        self._telemetry = telemetry
        self._files = (*config.policies.values(), *config.rules)
        self._taken = self._seen = self._state()
        self._engine = worker_engine(config, detectors, telemetry)

    def scrub(self, chunk: Chunk) -> ScrubbedChunk:
        """Scrub one chunk, all of it by the same policies. Raises DetectorError."""
        engine = self._engine
        scrubbed = engine.scrub(chunk)
        if engine.shadow is not None:
            engine.shadow.compare(scrubbed)
        return scrubbed

    def seal(self, record: Record, reason: Reason, *, with_payload: bool = True) -> Quarantined:
        """Make the envelope of a record that cannot be written."""
        return self._engine.seal(record, reason, with_payload=with_payload)

    def look(self, *, asked: bool = False) -> None:
        """Reload if the files changed, or if `asked`; not while a file is still being written."""
        before, self._seen = self._seen, self._state()
        if asked or before == self._seen != self._taken:
            self._taken = self._seen
            self._reload()

    def _reload(self) -> None:
        try:
            self._engine = worker_engine(self._config, self._detectors, self._telemetry)
        except ConfigError as error:
            self._telemetry.emit(ReloadFailed(tuple(map(str, error.problems))))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, what works goes on
            self._telemetry.emit(ReloadFailed((type(error).__qualname__,)))
            return
        gc.freeze()
        self._telemetry.emit(PoliciesReloaded(tuple(file.name for file in self._files)))

    def _state(self) -> tuple[object, ...]:
        return tuple(map(_stamp, self._files))


@contextmanager
def reloading(config: Config, detectors: Sequence[Detector], telemetry: Telemetry) -> Iterator[ReloadingEngine]:
    """Give the engine of the worker, and watch its files meanwhile. For the main thread: it takes SIGHUP."""
    engine = ReloadingEngine(config, detectors, telemetry)
    asked, done = threading.Event(), threading.Event()

    def watch() -> None:
        while not done.is_set():
            is_asked = asked.wait(POLL_SECS)
            asked.clear()
            if not done.is_set():
                engine.look(asked=is_asked)

    before = signal.signal(signal.SIGHUP, lambda _number, _frame: asked.set())
    watcher = threading.Thread(target=watch, name="reload", daemon=True)
    watcher.start()
    try:
        yield engine
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
