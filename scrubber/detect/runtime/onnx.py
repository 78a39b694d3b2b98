"""A token classifier on onnxruntime, on the CPU: for machines without torch, and for INT8 weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scrubber.detect.tokens.engine import Best


class OnnxTokenModel:
    """The graph in `file`, with the input names of transformers' exports; its first output is the logits."""

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        # The arena keeps the memory of the largest batch ever seen; lengths vary, so it would only grow.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._inputs = {argument.name for argument in self._session.get_inputs()}

    def run(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Best:
        """See `TokenModel.run`."""
        mask = (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.int64)
        known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        inputs = {name: array for name, array in known.items() if name in self._inputs}
        logits = self._session.run(None, inputs)[0].astype(np.float32)
        classes = logits.argmax(-1)
        highest = np.take_along_axis(logits, classes[..., None], -1)
        return Best(classes, 1 / np.exp(logits - highest).sum(-1))

    def release_memory(self) -> None:
        """Nothing is cached."""
