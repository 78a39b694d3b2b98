"""How many records a chunk may have: no more than the detectors do in a few seconds.

Rules take a tenth of a second for the largest chunk. A model on a CPU would take minutes, in which nothing is
committed; a stop would not wait for its end, and a rebalance throw all of it away.
"""

from __future__ import annotations

CHUNK_SECS = 5.0
FIRST_RECORDS = 500
LEAST_RECORDS = 10


class Pace:
    """Records that the next chunk may have, at most `most`. One thread learns, another one reads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.records = min(FIRST_RECORDS, most)

    def learn(self, records: int, seconds: float) -> None:
        """A chunk of `records` took the detectors `seconds`. A slow one counts at once, fast ones double the next."""
        fitting = int(records * CHUNK_SECS / max(seconds, 1e-6))
        self.records = min(self._most, max(LEAST_RECORDS, min(fitting, 2 * self.records)))
