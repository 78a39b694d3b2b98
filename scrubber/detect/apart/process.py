"""The worker's side of its scrub process.

A chunk goes over in slices, so that the process works on the first while the last are packed. The next chunk goes over
before the answers of this one are taken, so that the process never waits for the worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from scrubber.core.records import Chunk, Outcome, ScrubbedChunk
from scrubber.detect.apart.exchange import Child, Exchange
from scrubber.detect.apart.messages import Answer, Preparing, Ready, Records, Request, Scrubbed
from scrubber.telemetry import Telemetry

SLICE_RECORDS = 2_048
LOOK_SECS = 0.1


class ScrubProcess:
    """Scrubs chunks in another process. One thread scrubs, another may reload.

    Args:
        start: starts the process.
        setup: what it needs to begin; pickled.
        telemetry: hears what happens there.

    Raises whatever prevents the process from becoming ready: a `ScrubberError`.
    """

    def __init__(self, start: Callable[[], Child], setup: object, telemetry: Telemetry) -> None:
        self._exchange = Exchange(start(), telemetry)
        try:
            self.digests: Mapping[str, str] = self._ready(self._ask(setup))
        except BaseException:
            self.close()
            raise

    def begin(self, chunk: Chunk) -> Callable[[], ScrubbedChunk]:
        """Send `chunk` over; what is returned waits for its outcomes, all by the same policies.

        Both raise DetectorError. Chunks are to be finished in the order in which they were begun.
        """
        records = chunk.records
        slices = [records[first : first + SLICE_RECORDS] for first in range(0, len(records), SLICE_RECORDS)]
        places = self._exchange.ask(map(Records.of, slices))

        def finish() -> ScrubbedChunk:
            outcomes = list[Outcome]()
            for part, place in zip(slices, places, strict=True):
                answer = self._exchange.answer(place)
                assert isinstance(answer, Scrubbed), "Neither scrubbed nor an error. This is a bug."
                outcomes += answer.unpacked().complete(part)
            return ScrubbedChunk(chunk, outcomes)

        return finish

    def reload(self) -> None:
        """Let the process compile policies and rules anew; they hold from a chunk on. Raises ConfigError."""
        answer = self._ask(Request.PREPARE)
        while isinstance(answer, Preparing):
            time.sleep(LOOK_SECS)
            answer = self._ask(Request.TAKE)
        self.digests = self._ready(answer)

    def close(self) -> None:
        """End the process: an idle one by itself, one that still works on what nobody waits for at once. Idempotent."""
        self._exchange.close()

    def _ask(self, request: object) -> Answer:
        (place,) = self._exchange.ask([request])
        return self._exchange.answer(place)

    @staticmethod
    def _ready(answer: Answer) -> dict[str, str]:
        assert isinstance(answer, Ready), "Neither ready nor an error. This is a bug."
        return answer.digests
