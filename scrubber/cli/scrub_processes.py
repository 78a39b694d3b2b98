"""The scrub processes of `scrubber run`, as their worker sees them."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from scrubber.config import Config
from scrubber.core.quarantine import Quarantine
from scrubber.detect.apart.processes import ScrubProcesses
from scrubber.stream.outbox import Seal, sealing
from scrubber.stream.routes import RouteTable
from scrubber.telemetry import ScrubProcessStarted, Telemetry

_COMMAND = (sys.executable, "-P", "-m", "scrubber.cli.scrubbing")
_PIPE_BYTES = 1 << 20


@contextmanager
def scrub_processes(config: Config, telemetry: Telemetry) -> Iterator[ScrubProcesses]:
    """Give the started and warmed up processes; they end with the block. Raises ConfigError and DetectorError."""
    processes = ScrubProcesses(lambda: _start(telemetry), config, telemetry, config.scrub_processes)
    try:
        yield processes
    finally:
        processes.close()


def seal_of(config: Config, processes: ScrubProcesses) -> Seal:
    """Return what seals records that cannot be written, under the policies that the processes scrub by."""
    routes = RouteTable(config.stream.routes)
    return sealing(Quarantine(config.quarantine_keys), lambda topic: processes.digests[routes.route(topic).policy])


def _start(telemetry: Telemetry) -> subprocess.Popen[bytes]:
    """Start one in a process group of its own: the worker ends it, not the Ctrl-C that the worker gets."""
    child = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)  # noqa: S603
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(OSError, AttributeError):  # not everywhere, and not without end; small pipes only cost time
        fcntl.fcntl(child.stdin, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    telemetry.emit(ScrubProcessStarted(child.pid))
    return child
