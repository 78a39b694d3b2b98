"""The scrub process: answers one request after the other until nobody asks any more.

Rule 1: it lives as long as the pipe from its worker: a worker that is gone, however it went, takes it along.
Rule 2: an error that is ours goes to the worker as an answer; any other is a bug, and ends the process.
"""

from __future__ import annotations

import pickle
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from typing import BinaryIO, Protocol

from scrubber.core.records import Records, Touched
from scrubber.detect.apart.messages import (
    Answer,
    Preparing,
    Ready,
    Reply,
    Request,
    Scrubbed,
    Working,
    read,
    write,
)
from scrubber.errors import ConfigError, Problem, ScrubberError
from scrubber.telemetry import Happening

TELL_SECS = 1.0


class Engine(Protocol):
    """What scrubs, by policies and rules that do not change."""

    @property
    def digests(self) -> Mapping[str, str]:
        """Digest of each policy, by its name."""
        ...

    @property
    def rules(self) -> str:
        """Digest of the rules."""
        ...

    def touched(self, records: Records) -> Touched:
        """Scrub. Raises DetectorError."""
        ...


Build = Callable[[], Engine]
"""Makes an engine of the policies and rules as they are now. Raises ConfigError."""


class Told:
    """Keeps what happens until it is sent to the worker. A `Telemetry`, for any thread."""

    def __init__(self) -> None:
        self._happenings: deque[Happening] = deque()

    def emit(self, happening: Happening) -> None:
        """Keep it."""
        self._happenings.append(happening)

    def __len__(self) -> int:
        """How much has happened."""
        return len(self._happenings)

    def take(self) -> list[Happening]:
        """Return what has happened, and forget it. One thread at a time."""
        return [self._happenings.popleft() for _ in range(len(self._happenings))]


class _Answers:
    """The way to the worker. What happens while an answer takes long goes before it: work is seen to go on."""

    def __init__(self, pipe: BinaryIO, told: Told) -> None:
        self._pipe = pipe
        self._told = told
        self._writing = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._tell, name="tell", daemon=True).start()

    def send(self, answer: Answer | Working) -> None:
        """Send `answer`, and what has happened. Raises BrokenPipeError where the worker is gone."""
        with self._writing:
            write(Reply(answer, self._told.take()), self._pipe)

    def close(self) -> None:
        """Send nothing any more."""
        self._ended.set()

    def _tell(self) -> None:
        with suppress(OSError, ValueError):  # nobody is there to be told
            while not self._ended.wait(TELL_SECS):
                if self._told:
                    self.send(Working())


def serve(requests: Iterator[object], answers: BinaryIO, opened: AbstractContextManager[Build], told: Told) -> None:
    """Answer `requests` until they end. `opened` holds what engines are built on while this runs."""
    with ExitStack() as stack, suppress(BrokenPipeError):
        to_worker = stack.enter_context(closing(_Answers(answers, told)))
        try:
            desk = _Desk(stack.enter_context(opened))
        except ScrubberError as error:
            to_worker.send(error)
            return
        to_worker.send(_ready(desk.engine))
        for request in requests:
            to_worker.send(desk.answer(request))


def received(requests: BinaryIO, at_end: Callable[[], None] = lambda: None) -> Iterator[object]:
    """Yield what is sent, up to the end of the pipe. Reading ahead of it goes on in a thread meanwhile.

    A worker that still sends must never wait for one that answers; how much is read ahead is for it to bound. `at_end`
    is called in that thread: work may still be going on for a worker that is gone.
    """
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read_ahead() -> None:
        while (packed := read(requests)) is not None:
            waiting.put(packed)
        waiting.put(None)
        at_end()

    threading.Thread(target=read_ahead, name="read", daemon=True).start()
    while (packed := waiting.get()) is not None:
        yield pickle.loads(packed)  # noqa: S301 - from our own worker


class _Desk:
    """Answers requests by the engine in force, and builds the next one beside that."""

    def __init__(self, build: Build) -> None:
        self.engine = build()
        self._build = build
        self._prepared: Engine | ConfigError | None = None
        self._preparing: threading.Thread | None = None

    def answer(self, request: object) -> Answer:
        if isinstance(request, Records):
            try:
                return Scrubbed.of(self.engine.touched(request))
            except ScrubberError as error:
                return error
        match request:
            case Request.PREPARE:
                self._prepared = None
                self._preparing = threading.Thread(target=self._prepare, name="prepare", daemon=True)
                self._preparing.start()
                return Preparing()
            case Request.LOOK:
                return self._look()
            case Request.TAKE:
                return self._take()
            case _:
                raise AssertionError("A request that nobody knows. This is a bug.")

    def _prepare(self) -> None:
        try:
            self._prepared = self._build()
        except ConfigError as error:
            self._prepared = error
        except Exception as error:  # noqa: BLE001 - whatever it is, what works goes on
            self._prepared = ConfigError([Problem("", type(error).__qualname__)])

    def _look(self) -> Answer:
        assert self._preparing is not None, "Nothing was to be prepared. This is a bug."
        if self._preparing.is_alive():
            return Preparing()
        assert self._prepared is not None, "Preparing ended with nothing. This is a bug."
        return self._prepared if isinstance(self._prepared, ConfigError) else _ready(self._prepared)

    def _take(self) -> Answer:
        prepared, self._prepared = self._prepared, None
        assert prepared is not None, "Nothing is ready. This is a bug."
        assert not isinstance(prepared, ConfigError), "What failed is to be taken. This is a bug."
        self.engine = prepared
        return _ready(prepared)


def _ready(engine: Engine) -> Ready:
    return Ready(dict(engine.digests), engine.rules)
