"""The seam between the engine and the network of a span model on some runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from scrubber.detect.gliner.batch import Answer, Batch
from scrubber.detect.gliner.prompt import Prompt


class Pending(Protocol):
    """A batch that was handed to the device."""

    def result(self) -> Answer:
        """Wait for the answer. Scores that are not numbers would read as "nothing found", so they fail."""
        ...


class Finished(NamedTuple):
    """A `Pending` whose answer is there already: of a model that computes while it is asked."""

    answer: Answer

    def result(self) -> Answer:
        """See `Pending.result`."""
        return self.answer


class SpanModel(Protocol):
    """Scores the spans of a batch against the labels of a prompt."""

    def question(self, prompt: Prompt, thresholds: Sequence[float]) -> Any:
        """Prepare what is asked; `submit` gets it back with every batch."""
        ...

    def submit(self, batch: Batch, question: Any) -> Pending:
        """Hand one batch over."""
        ...

    def release_memory(self) -> None:
        """Give back what is only cached."""
        ...
