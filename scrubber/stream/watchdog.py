"""Ends the process when a transactional call never returns.

librdkafka 2.10 to 2.16 may wait for ever in `send_offsets_to_transaction`, whatever its timeout says, when the group
coordinator's broker restarts (librdkafka #5511, #5456). Such a call cannot be interrupted, only exited from; the next
worker's `init_transactions` aborts what it left open.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scrubber.telemetry import Telemetry, WatchdogFired

EXIT_CODE = 70
LOOK_SECS = 0.5


class Watchdog:
    """Watches one block at a time: `with watchdog.watching(): ...`.

    Args:
        limit_secs: longest time one block may take.
        telemetry: told before the end.
        end: ends the process; does not return in production.
    """

    def __init__(
        self, limit_secs: float, telemetry: Telemetry, end: Callable[[], object] = lambda: os._exit(EXIT_CODE)
    ) -> None:
        self._limit_secs = limit_secs
        self._telemetry = telemetry
        self._end = end
        self._busy_since: float | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look, twice a second."""
        self._thread.start()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count the time of this block."""
        self._busy_since = time.monotonic()
        try:
            yield
        finally:
            self._busy_since = None

    def close(self) -> None:
        """Stop looking."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_SECS):
            since = self._busy_since
            if since is not None and time.monotonic() - since > self._limit_secs:
                self._telemetry.emit(WatchdogFired(round(time.monotonic() - since, 1)))
                self._end()
                return
