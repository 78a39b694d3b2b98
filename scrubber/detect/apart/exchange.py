"""Requests to the scrub process, and its answers: as many requests on the way as one likes, each answer to its own.

The process answers in the order of the requests, so that place in line is all there is to know of a request. Whoever
waits for an answer reads those before it too, and leaves them for the others.
"""

from __future__ import annotations

import pickle
import subprocess
import threading
from contextlib import suppress
from typing import IO, Protocol

from scrubber.detect.apart.messages import Answer, Reply, Working, read, write
from scrubber.errors import DetectorFailed, ScrubberError
from scrubber.telemetry import Telemetry

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


class Exchange:
    """Asks and answers, for any number of threads.

    Args:
        child: the other side. It reads ahead, so that sending never waits for an answer to be taken.
        telemetry: hears what happened there while somebody waits for an answer.
    """

    def __init__(self, child: Child, telemetry: Telemetry) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._child = child
        self._requests, self._answers = child.stdin, child.stdout
        self._telemetry = telemetry
        self._sending, self._receiving = threading.Lock(), threading.Lock()
        self._asked = self._read = 0
        self._untaken: dict[int, Reply] = {}

    def ask(self, request: object) -> int:
        """Send `request`; return its place. Raises DetectorFailed."""
        with self._sending:
            self._send(request)
            self._asked += 1
            return self._asked - 1

    def answer(self, place: int) -> Answer:
        """Wait for the answer to the request at `place`, once. Raises what it says if that is an error of ours."""
        with self._receiving:
            while place not in self._untaken:
                reply = self._receive()
                if isinstance(reply.answer, Working):
                    self._tell(reply)
                else:
                    self._untaken[self._read] = reply
                    self._read += 1
            reply = self._untaken.pop(place)
        self._tell(reply)
        assert not isinstance(reply.answer, Working), "Kept though it is no answer. This is a bug."
        if isinstance(reply.answer, ScrubberError):
            raise reply.answer
        return reply.answer

    def close(self) -> None:
        """End the process: an idle one by itself, one that still works on what nobody waits for at once. Idempotent."""
        if self._read == self._asked:
            with suppress(OSError, subprocess.TimeoutExpired):
                self._requests.close()
                self._child.wait(END_SECS)
                return
        self._child.kill()
        self._child.wait()

    def _tell(self, reply: Reply) -> None:
        for happening in reply.happenings:
            self._telemetry.emit(happening)

    def _send(self, request: object) -> None:
        try:
            write(request, self._requests)
        except (OSError, ValueError):
            failure = self._gone()
        else:
            return
        raise failure

    def _receive(self) -> Reply:
        try:
            packed = read(self._answers)
        except (OSError, ValueError):
            packed = None
        if packed is None:
            raise self._gone()
        reply: Reply = pickle.loads(packed)  # noqa: S301 - from our own process
        return reply

    def _gone(self) -> DetectorFailed:
        try:
            status = str(self._child.wait(END_SECS))
        except (TimeoutError, subprocess.TimeoutExpired):  # it lives, and does not speak to us any more
            status = "none yet"
        return DetectorFailed(f"The scrub process is gone (exit status {status}).")
