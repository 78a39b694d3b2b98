"""One thread hands batches to the device, and nothing else does: the host lays out and decodes others meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from scrubber.detect.gliner.batch import Answer, Batch
from scrubber.detect.gliner.network import Finished, Pending, SpanModel
from scrubber.detect.gliner.prompt import Prompt
from scrubber.detect.runtime.failures import shielded


class DeviceThread:
    """A `SpanModel` that runs another one in a thread of its own, in the order of the calls.

    A model that `queues` only queues its work: who wants an answer waits for it in his own thread, and this one goes on
    to queue the next batch. Any other model computes while it is asked, so its answer is finished here. How many
    batches wait is bounded by who submits them.
    """

    def __init__(self, model: SpanModel, *, queues: bool) -> None:
        self._model = model
        self._queues = queues
        self._thread = ThreadPoolExecutor(1, "device")  # it ends when nobody holds this object any more

    def question(self, prompt: Prompt, thresholds: Sequence[float]) -> Any:
        """See `SpanModel.question`; waits for the answer."""
        return self._thread.submit(self._model.question, prompt, thresholds).result()

    def submit(self, batch: Batch, question: Any) -> Pending:
        """Hand one batch over and return at once. What the model raises comes out of the result, as one of ours."""
        return _HandedOver(self._thread.submit(self._run, batch, question))

    def release_memory(self) -> None:
        """Give back what is only cached, behind all that was handed over before."""
        self._thread.submit(self._model.release_memory).result()

    def _run(self, batch: Batch, question: Any) -> Pending:
        # The exception waits in the future. Were it the model's own, it would hold all that the model had allocated.
        return shielded(lambda: self._compute(batch, question))

    def _compute(self, batch: Batch, question: Any) -> Pending:
        pending = self._model.submit(batch, question)
        return pending if self._queues else Finished(pending.result())


class _HandedOver(NamedTuple):
    pending: Future[Pending]

    def result(self) -> Answer:
        return self.pending.result().result()
