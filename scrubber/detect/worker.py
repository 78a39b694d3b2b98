"""One thread runs a detector: everything it does after it is built happens there, or in threads of its own.

The hand-off is one job deep, so the caller can prepare the next chunk while the detector works on this one, and no more
than that waits in memory.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Detector, Plan
from scrubber.detect.runtime.failures import shielded
from scrubber.errors import DetectorFailed
from scrubber.telemetry import TextsDetected


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[], Any]
    answer: Future[Any]


class DeviceWorker:
    """A `Detector` that runs another one in a thread of its own. What that one raises comes out at the caller.

    `observe` is called in that thread after every hand-off; it must neither raise nor block.
    """

    def __init__(self, detector: Detector, observe: Callable[[TextsDetected], None] = lambda _: None) -> None:
        self._detector = detector
        self._observe = observe
        self._closed = False
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._work, name="detector", daemon=True)
        self._thread.start()

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """Return the spans of each text; blocks until the detector has answered."""
        return self.submit(texts, plan).result()

    def submit(self, texts: Sequence[str], plan: Plan) -> Future[list[list[Span]]]:
        """Hand `texts` over and return at once, or as soon as the job before it has been taken up."""
        handed_over = time.perf_counter()

        def run() -> list[list[Span]]:
            taken_up = time.perf_counter()
            spans = self._detector.detect(texts, plan)
            done = time.perf_counter()
            characters = sum(map(len, texts))
            self._observe(TextsDetected(len(texts), characters, taken_up - handed_over, done - taken_up))
            return spans

        return self._hand_over(run)

    def warm_up(self) -> None:
        """Warm the detector up in its thread; blocks until it is ready."""
        self._hand_over(self._detector.warm_up).result()

    def describe(self) -> Description:
        """The detector's own description."""
        return self._detector.describe()

    def close(self) -> None:
        """Finish what was handed over, free the device and end the thread. Idempotent."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _hand_over(self, run: Callable[[], Any]) -> Future[Any]:
        if self._closed:
            raise DetectorFailed("The device worker is closed.")
        answer: Future[Any] = Future()
        self._jobs.put(_Job(run, answer))
        return answer

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job.answer.set_result(shielded(job.run))
            except BaseException as error:  # noqa: BLE001 - a caller waits: it must hear of anything at all
                job.answer.set_exception(error)
            del job  # the texts of an answered job must not wait in memory for the next one
        self._detector.close()
