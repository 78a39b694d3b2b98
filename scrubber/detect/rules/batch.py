"""A batch: buffers joined, so that one call reads all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scrubber.detect.rules import engine

Offsets = npt.NDArray[np.int64]


class Batch:
    """Buffers, joined, the canary behind them: `text`, and where in it each of them starts."""

    def __init__(self, buffers: Sequence[bytes]) -> None:
        self.buffers = buffers
        self.text = engine.SEPARATOR.join([*buffers, engine.CANARY])
        self.starts = np.zeros(len(buffers) + 1, np.int64)
        lengths = np.fromiter(map(len, buffers), np.int64, len(buffers))
        np.cumsum(lengths + len(engine.SEPARATOR), out=self.starts[1:])

    def buffers_of(self, places: Offsets) -> Offsets:
        """Return the buffer in which each place lies; that of a separator is the one before it."""
        return self.starts.searchsorted(places, "right") - 1
