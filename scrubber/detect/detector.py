"""The seam between the pipeline and whatever finds things in text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from scrubber.core.policy import Plan
from scrubber.core.spans import Span


@dataclass(frozen=True, slots=True)
class Description:
    """Which detector gave an answer; stamped on audit events. `digest` is of rules or weights."""

    name: str
    revision: str
    digest: str


class Detector(Protocol):
    """Maps texts to spans. One thread calls it at a time.

    `detect` answers for every text, in order, and the answer for a text does not depend on what else is in the batch
    (promise 7). It raises `DetectorOverloaded` when a smaller batch might do and `DetectorFailed` when nothing would;
    it never answers "no spans" for a text that it could not read whole.
    """

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """Return the spans of each text: code points of that text, score at or above the label's threshold."""
        ...

    def warm_up(self) -> None:
        """Do everything that the first batch would otherwise wait for. Idempotent."""
        ...

    def describe(self) -> Description:
        """Name, revision and digest."""
        ...

    def close(self) -> None:
        """Free the device. The detector is not used again."""
        ...


class Around:
    """What a `Detector` that stands before another one leaves to it; `detect` is its own."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def warm_up(self) -> None:
        """See `Detector.warm_up`."""
        self._detector.warm_up()

    def describe(self) -> Description:
        """The detector's own description."""
        return self._detector.describe()

    def close(self) -> None:
        """See `Detector.close`."""
        self._detector.close()


__all__ = ["Around", "Description", "Detector", "Plan"]
