"""The worker's side of its scrub process.

A chunk goes over in slices. A few of them are on the way at any time: while the process works on one, the next is there
already, and the one before is unpacked here.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import IO, Protocol

from scrubber.core.records import Chunk, Outcome, ScrubbedChunk
from scrubber.detect.apart.messages import Answer, Preparing, Ready, Records, Reply, Request, Scrubbed
from scrubber.errors import DetectorFailed, ScrubberError
from scrubber.telemetry import Telemetry

SLICE_RECORDS = 2_048
SLICES_AHEAD = 3
LOOK_SECS = 0.1
END_SECS = 5.0


class Child(Protocol):
    """A started process; `subprocess.Popen` is one."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status, negative for a signal; raises `TimeoutError` or `subprocess.TimeoutExpired`."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class ScrubProcess:
    """Scrubs chunks in another process. One thread scrubs, another may reload.

    Args:
        start: starts the process.
        setup: what it needs to begin; pickled.
        telemetry: hears what happens there.

    Raises whatever prevents the process from becoming ready: a `ScrubberError`.
    """

    def __init__(self, start: Callable[[], Child], setup: object, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._exchange = threading.Lock()
        self._child = start()
        try:
            self.digests: Mapping[str, str] = self._ready(self._ask(setup))
        except BaseException:
            self.close()
            raise

    def scrub(self, chunk: Chunk) -> ScrubbedChunk:
        """Return one outcome for each record, all by the same policies. Raises DetectorError."""
        records, outcomes = chunk.records, list[Outcome]()
        slices = [records[first : first + SLICE_RECORDS] for first in range(0, len(records), SLICE_RECORDS)]
        with self._exchange:
            ahead = map(Records.of, slices)
            for first in islice(ahead, SLICES_AHEAD):
                self._send(first)
            for part in slices:
                answer = self._receive()
                if (following := next(ahead, None)) is not None:
                    self._send(following)
                assert isinstance(answer, Scrubbed), "Neither scrubbed nor an error. This is a bug."
                outcomes += answer.unpacked().complete(part)
        return ScrubbedChunk(chunk, outcomes)

    def reload(self) -> None:
        """Let the process compile policies and rules anew; they hold from a chunk on. Raises ConfigError."""
        answer = self._ask(Request.PREPARE)
        while isinstance(answer, Preparing):
            time.sleep(LOOK_SECS)
            answer = self._ask(Request.TAKE)
        self.digests = self._ready(answer)

    def close(self) -> None:
        """End the process: an idle one by itself, one that still works on what nobody waits for at once. Idempotent."""
        if self._exchange.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._exchange.release()
        else:
            self._child.kill()
            self._child.wait()

    def _end(self) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.close()
            self._child.wait(END_SECS)
        except Exception:  # noqa: BLE001 - it is gone, or does not want to: either way it ends here
            self._child.kill()
            self._child.wait()

    def _ask(self, request: object) -> Answer:
        with self._exchange:
            self._send(request)
            return self._receive()

    def _send(self, message: object) -> None:
        assert self._child.stdin is not None
        try:
            pickle.dump(message, self._child.stdin, pickle.HIGHEST_PROTOCOL)
            self._child.stdin.flush()
        except (OSError, ValueError):
            failure = self._gone()
        else:
            return
        raise failure

    def _receive(self) -> Answer:
        assert self._child.stdout is not None
        try:
            reply: Reply = pickle.load(self._child.stdout)  # noqa: S301 - from our own process
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            failure = self._gone()
        else:
            for happening in reply.happenings:
                self._telemetry.emit(happening)
            if isinstance(reply.answer, ScrubberError):
                raise reply.answer
            return reply.answer
        raise failure

    def _gone(self) -> DetectorFailed:
        try:
            status = str(self._child.wait(END_SECS))
        except Exception:  # noqa: BLE001 - it lives, and does not speak to us any more
            status = "none yet"
        return DetectorFailed(f"The scrub process is gone (exit status {status}).")

    @staticmethod
    def _ready(answer: Answer) -> dict[str, str]:
        assert isinstance(answer, Ready), "Neither ready nor an error. This is a bug."
        return answer.digests
