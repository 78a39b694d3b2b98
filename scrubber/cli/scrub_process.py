"""The scrub process of `scrubber run`, as its worker sees it."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from scrubber.config import Config
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Quarantined, Record
from scrubber.detect.apart.process import ScrubProcess
from scrubber.errors import Reason
from scrubber.stream.outbox import Seal
from scrubber.stream.routes import RouteTable
from scrubber.telemetry import ScrubProcessStarted, Telemetry

_COMMAND = (sys.executable, "-P", "-m", "scrubber.cli.scrubbing")
_PIPE_BYTES = 1 << 20


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
