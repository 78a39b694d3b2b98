"""Live and ready, as an orchestrator asks for them.

*Live*: every loop of the worker came round lately; a process that is not live is stuck and should be replaced. *Ready*:
the detectors are warm and the group knows this worker, with partitions or as a spare without any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from scrubber.telemetry.happenings import (
    BatchComputed,
    DetectorsReady,
    Happening,
    PartitionsAssigned,
    PartitionsLost,
    WorkerStopped,
)

DETECT = "detect"
"""The loop that waits for the detectors: it turns with each batch that a model has done."""


class Health:
    """A `Telemetry` that remembers how the worker is. `turn` is called by its loops, a few times a second each.

    Args:
        max_loop_age_secs: a loop that stood still for longer is stuck.
        clock: seconds that only rise.
    """

    def __init__(self, max_loop_age_secs: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_loop_age_secs = max_loop_age_secs
        self._clock = clock
        self._turned: dict[str, float] = {}
        self._warm = False
        self._joined = False

    def emit(self, happening: Happening) -> None:
        """Take note of what makes the worker ready, and what ends that."""
        match happening:
            case DetectorsReady():
                self._warm = True
            case BatchComputed() if DETECT in self._turned:
                self.turn(DETECT)
            case PartitionsAssigned():
                self._joined = True
            case PartitionsLost():
                self._joined = False
            case WorkerStopped():
                self._joined = False
                self._turned = {}  # loops that have ended are not stuck
            case _:
                pass

    def turn(self, loop: str) -> None:
        """One of the loops came round."""
        self._turned[loop] = self._clock()

    def loop_ages(self) -> Mapping[tuple[str, ...], float]:
        """Return how long ago each loop came round, seconds."""
        now = self._clock()
        return {(loop,): now - turned for loop, turned in self._turned.copy().items()}

    def why_not_live(self) -> list[str]:
        """Return the loops that are stuck."""
        stuck = [loop for (loop,), age in self.loop_ages().items() if age > self._max_loop_age_secs]
        return [f"the {loop} loop stands still" for loop in sorted(stuck)]

    def why_not_ready(self) -> list[str]:
        """Return what is still missing."""
        missing = [] if self._warm else ["the detectors are not warm"]
        return missing if self._joined else [*missing, "the group has assigned no partitions yet"]
