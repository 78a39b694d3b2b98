"""The account of one call of a model's engine: what it read, and where its time went."""

from __future__ import annotations

from scrubber.detect.stopwatch import StopWatch
from scrubber.telemetry import ModelRan


class ModelRun(StopWatch):
    """Counts and times one call; for one thread.

    Stages are `split` (texts into words and sub-tokens), `plan` (windows and batches), `copy` and `forward` (the
    device) and `decode` (scores into spans).
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts = dict.fromkeys(("windows", "batches", "words", "tokens", "padded_tokens"), 0)

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
