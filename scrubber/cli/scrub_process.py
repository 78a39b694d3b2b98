"""The scrub process of `scrubber run`: how the worker starts it, and what it does."""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from scrubber import logs
from scrubber.cli import confess
from scrubber.cli.exits import Exit
from scrubber.cli.wiring import Engine, open_detectors, worker_engine
from scrubber.config import Config
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Quarantined, Record
from scrubber.detect.apart.process import ScrubProcess
from scrubber.detect.apart.serve import Build, Told, received, serve
from scrubber.detect.pipeline import Touched
from scrubber.detect.runtime.memory import gpu_memory
from scrubber.errors import Reason
from scrubber.stream.outbox import Seal
from scrubber.stream.routes import RouteTable
from scrubber.telemetry import DetectorsReady, DeviceMemoryUsed, ScrubProcessStarted, Telemetry

GARBAGE_AFTER = 50_000  # new objects: chunks have many, and no cycles; every 700 of them took a tenth of the time
_PIPE_BYTES = 1 << 20
_COMMAND = (sys.executable, "-P", "-m", "scrubber.cli.scrub_process")


# -- in the worker ---------------------------------------------------------------------------------------------------


@contextmanager
def scrub_process(config: Config, telemetry: Telemetry) -> Iterator[ScrubProcess]:
    """Give the started and warmed up process; it ends with the block. Raises ConfigError and DetectorError."""
    process = ScrubProcess(lambda: _start(telemetry), config, telemetry)
    try:
        yield process
    finally:
        process.close()


def sealing(config: Config, digests: Callable[[], Mapping[str, str]]) -> Seal:
    """Return what seals records that cannot be written, under the policy digests of now."""
    quarantine = Quarantine(config.quarantine_keys)
    routes = RouteTable(config.stream.routes)

    def seal(record: Record, reason: Reason, *, with_payload: bool = True) -> Quarantined:
        return quarantine.seal(record, reason, digests()[routes.route(record.topic).policy], with_payload=with_payload)

    return seal


def _start(telemetry: Telemetry) -> subprocess.Popen[bytes]:
    """Start it in a process group of its own: the worker ends it, not the Ctrl-C that the worker gets."""
    child = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)  # noqa: S603
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(OSError, AttributeError):  # not everywhere, and not without end; small pipes only cost time
        fcntl.fcntl(child.stdin, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    telemetry.emit(ScrubProcessStarted(child.pid))
    return child


# -- in the process --------------------------------------------------------------------------------------------------


class _Engine(NamedTuple):
    """What serves: an engine of the worker's configuration that tells of the memory it takes."""

    engine: Engine
    telemetry: Telemetry

    @property
    def digests(self) -> Mapping[str, str]:
        """See `serve.Engine`."""
        return self.engine.digests

    def touched(self, records: list[Record]) -> Touched:
        """See `serve.Engine`."""
        touched = self.engine.touched(records)
        if (used := gpu_memory()) is not None:
            self.telemetry.emit(DeviceMemoryUsed(*used))
        return touched


@contextmanager
def engines(config: Config, telemetry: Telemetry) -> Iterator[Build]:
    """Load the model, and give what builds engines on it of policies and rules as they are then."""
    with open_detectors(config.model, telemetry) as detectors:
        telemetry.emit(DetectorsReady(len(detectors)))

        def build() -> _Engine:
            engine = worker_engine(config, detectors, telemetry)
            gc.freeze()  # rules and models stay: looking through them for garbage again and again costs a lot of time
            return _Engine(engine, telemetry)

        yield build


def main() -> int:
    """Serve until the worker is gone."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever prints must not print into the answers
    for config in received(requests):
        assert isinstance(config, Config), "The worker did not send its configuration first. This is a bug."
        logs.set_up(config.logging)
        gc.set_threshold(GARBAGE_AFTER)
        told = Told()
        try:
            serve(requests, answers, engines(config, told), told)
        except Exception as error:  # noqa: BLE001 - a traceback ends with a message that may quote a record
            confess(error)
            return Exit.FAILED
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
