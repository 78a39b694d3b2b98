"""The account of one call of a model's engine: what it read, and where its time went."""

from __future__ import annotations

import time
from collections import defaultdict

from scrubber.telemetry import ModelRan


class ModelRun:
    """Counts and times one call; for one thread.

    Stages are `split` (texts into words and sub-tokens), `plan` (windows and batches), `copy` and `forward` (the
    device) and `decode` (scores into spans).
    """

    def __init__(self) -> None:
        self.counts = dict.fromkeys(("windows", "batches", "words", "tokens", "padded_tokens"), 0)
        self.secs: defaultdict[str, float] = defaultdict(float)
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Book the time of this thread since the last lap on `stage`."""
        now = time.perf_counter()
        self.secs[stage] += now - self._since
        self._since = now

    def forget_waiting(self) -> None:
        """The time since the last lap was spent on nothing."""
        self._since = time.perf_counter()

    def happened(self, texts: int, prompt_tokens: int = 0) -> ModelRan:
        """What is told of the call."""
        return ModelRan(
            texts=texts,
            prompt_tokens=prompt_tokens,
            **self.counts,
            split_secs=self.secs["split"],
            plan_secs=self.secs["plan"],
            copy_secs=self.secs["copy"],
            forward_secs=self.secs["forward"],
            decode_secs=self.secs["decode"],
        )
