"""The worker's side of its scrub processes: all alike, and one is enough where a model sets the pace.

A chunk goes over in slices, one to each process in turn, so that they work on the first while the last are packed. The
next chunk goes over before the answers of this one are taken, so that no process ever waits for the worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import cycle

from scrubber.core.records import Chunk, Outcome, Record, Records, ScrubbedChunk
from scrubber.detect.apart.exchange import Child, Exchange
from scrubber.detect.apart.messages import Answer, Preparing, Ready, Request, Scrubbed
from scrubber.errors import ConfigError, Problem
from scrubber.telemetry import DetectorsReady, Happening, PoliciesInForce, Telemetry

SLICE_RECORDS = 2_048
LOOK_SECS = 0.1


class ScrubProcesses:
    """Scrub chunks in other processes. One thread scrubs, another may reload.

    Args:
        start: starts one of them.
        setup: what each needs to begin; pickled.
        telemetry: hears what happens there.
        count: how many.

    Raises whatever prevents them from becoming ready: a `ScrubberError`.
    """

    def __init__(self, start: Callable[[], Child], setup: object, telemetry: Telemetry, count: int = 1) -> None:
        self._between_chunks = threading.Lock()
        with ExitStack() as started:
            hearing = [telemetry, *(_Beside(telemetry) for _ in range(1, count))]
            self._exchanges = [started.enter_context(closing(Exchange(start(), each))) for each in hearing]
            self._in_turn = cycle(self._exchanges)
            self.digests = _alike([_ready(answer) for answer in self._ask_all(setup)])
            self._open = started.pop_all()

    def begin(self, chunk: Chunk) -> Callable[[], ScrubbedChunk]:
        """Send `chunk` over; what is returned waits for its outcomes, all by the same policies.

        Both raise DetectorError. Chunks are to be finished in the order in which they were begun.
        """
        records = chunk.records
        asked: list[tuple[Sequence[Record], Exchange, int]] = []
        with self._between_chunks:
            for first in range(0, len(records), SLICE_RECORDS):
                part, exchange = records[first : first + SLICE_RECORDS], next(self._in_turn)
                asked.append((part, exchange, exchange.ask(Records.of(part))))

        def finish() -> ScrubbedChunk:
            outcomes = list[Outcome]()
            for part, exchange, place in asked:
                answer = exchange.answer(place)
                assert isinstance(answer, Scrubbed), "Neither scrubbed nor an error. This is a bug."
                outcomes += answer.unpacked().of_all(part)
            return ScrubbedChunk(chunk, outcomes)

        return finish

    def reload(self) -> None:
        """Let all of them compile policies and rules anew; they hold from a chunk on. Raises ConfigError."""
        self._ask_all(Request.PREPARE)
        _alike(self._all_prepared())
        with self._between_chunks:
            places = [exchange.ask(Request.TAKE) for exchange in self._exchanges]
        self.digests = _alike([_ready(each.answer(it)) for each, it in zip(self._exchanges, places, strict=True)])

    def close(self) -> None:
        """End them: idle ones by themselves, those that still work on what nobody waits for at once. Idempotent."""
        self._open.close()

    def _ask_all(self, request: object) -> list[Answer]:
        places = [exchange.ask(request) for exchange in self._exchanges]
        return [exchange.answer(place) for exchange, place in zip(self._exchanges, places, strict=True)]

    def _all_prepared(self) -> list[Ready]:
        """Wait for all of them, also where one fails: the next reload must find none still at it."""
        prepared, errors = list[Ready](), list[ConfigError]()
        for exchange in self._exchanges:
            try:
                prepared.append(_prepared(exchange))
            except ConfigError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return prepared


class _Beside:
    """Hears what happens in a process beside the first: what is alike in all of them was told by that one."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def emit(self, happening: Happening) -> None:
        if not isinstance(happening, DetectorsReady | PoliciesInForce):
            self._telemetry.emit(happening)


def _prepared(exchange: Exchange) -> Ready:
    while isinstance(answer := exchange.answer(exchange.ask(Request.LOOK)), Preparing):
        time.sleep(LOOK_SECS)
    return _ready(answer)


def _ready(answer: Answer) -> Ready:
    assert isinstance(answer, Ready), "Neither ready nor an error. This is a bug."
    return answer


def _alike(engines: list[Ready]) -> Mapping[str, str]:
    """Return the digests of the policies of all `engines`. Raises ConfigError: each has read the files by itself."""
    if any(engine != engines[0] for engine in engines):
        raise ConfigError([Problem("", "policies or rules changed while they were read")])
    return engines[0].digests
