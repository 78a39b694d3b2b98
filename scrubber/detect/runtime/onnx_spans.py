"""A span model on onnxruntime, on the CPU: for machines without torch, from the same weights file.

The graph holds no weights: its initialisers are named like the tensors of the checkpoint, and get those, as they are
stored, when the session is built.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from safetensors.numpy import load_file

from scrubber.detect.gliner.batch import Answer, Batch, Candidates, floors
from scrubber.detect.gliner.network import Finished
from scrubber.detect.gliner.prompt import Prompt
from scrubber.errors import DetectorFailed


class Question(NamedTuple):
    """Marker places `[C]`, the logits that are worth a look `[C]`, and the thresholds."""

    markers: NDArray[np.int64]
    floors: NDArray[np.float32]
    thresholds: NDArray[np.float64]


class OnnxSpanModel:
    """The graph in `graph` with the tensors of the safetensors file `weights`."""

    def __init__(self, graph: Path, weights: Path) -> None:
        options = onnxruntime.SessionOptions()
        # The arena keeps the memory of the largest batch ever seen; lengths vary, so it would only grow.
        options.enable_cpu_mem_arena = False
        # Threads that wait for work by spinning take the processor from the others of a worker.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The weights are stored as int8, but not computed with: they are multiplied out once, when this is built.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        tensors = load_file(weights)
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in tensors.values()]
        options.add_external_initializers(list(tensors), values)
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def question(self, prompt: Prompt, thresholds: Sequence[float]) -> Question:
        """See `SpanModel.question`."""
        return Question(np.array(prompt.markers, np.int64), floors(thresholds), np.array(thresholds))

    def submit(self, batch: Batch, question: Question) -> Finished:
        """See `SpanModel.submit`."""
        start = time.perf_counter()
        inputs = {"ids": batch.ids, "lengths": batch.lengths, "markers": question.markers, "first": batch.first}
        logits: NDArray[np.float32] = self._session.run(["logits"], inputs)[0]
        if not np.isfinite(logits).all():
            raise DetectorFailed("The model gave scores that are not numbers.")
        last = np.arange(logits.shape[1])[:, None] + np.arange(logits.shape[2])
        possible = last < batch.words[:, None, None]
        places = np.nonzero((logits >= question.floors) & possible[:, :, :, None])
        scores = (1 / (1 + np.exp(-logits[places]))).astype(np.float32)
        rows, starts, widths, labels = places
        accepted = scores >= question.thresholds[labels]
        found = Candidates(rows[accepted], starts[accepted], widths[accepted], labels[accepted], scores[accepted])
        return Finished(Answer(found, copy_secs=0.0, forward_secs=time.perf_counter() - start))

    def release_memory(self) -> None:
        """Nothing is cached."""
