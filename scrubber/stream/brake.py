"""Stops the worker when the quarantine ratio says that the configuration, not the data, is wrong.

A wrong encoding or policy would otherwise move a whole topic to quarantine, one committed transaction at a time.
"""

from __future__ import annotations

from collections import deque

from scrubber.errors import FatalStreamError
from scrubber.stream.settings import Brake


class QuarantineBrake:
    """Judges the last `window_records` records, whole chunks at a time, once that many were seen."""

    def __init__(self, settings: Brake) -> None:
        self._settings = settings
        self._chunks: deque[tuple[int, int]] = deque()
        self._records = 0
        self._quarantined = 0

    def check(self, records: int, quarantined: int) -> None:
        """Count one chunk before it is committed; raises `FatalStreamError` when the ratio is above the limit."""
        window = self._settings.window_records
        self._chunks.append((records, quarantined))
        self._records += records
        self._quarantined += quarantined
        while self._records - self._chunks[0][0] >= window:
            old_records, old_quarantined = self._chunks.popleft()
            self._records -= old_records
            self._quarantined -= old_quarantined
        if self._records >= window and self._quarantined > self._settings.max_ratio * self._records:
            raise FatalStreamError(
                f"{self._quarantined} of the last {self._records} records would go to quarantine "
                f"(limit {self._settings.max_ratio:.0%}): the policy or the encoding is wrong, not the data",
                code="BRAKE",
            )
