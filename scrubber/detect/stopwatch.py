"""Where the time of a call goes."""

from __future__ import annotations

import time
from collections import defaultdict


class StopWatch:
    """Seconds by stage; for one thread. It runs from the start."""

    def __init__(self) -> None:
        self.secs: defaultdict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Book the time since the last lap on `stage`."""
        now = time.perf_counter()
        self.secs[stage] += now - self._since
        self._since = now

    def forget_waiting(self) -> None:
        """The time since the last lap was spent on nothing."""
        self._since = time.perf_counter()
