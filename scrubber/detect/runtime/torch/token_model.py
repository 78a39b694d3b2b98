"""A token classifier on torch: transformers' own network, fed in our batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForTokenClassification

from scrubber.detect.runtime.torch.device import Device
from scrubber.detect.tokens.engine import Best


class TorchTokenModel:
    """The model in `folder`; its weights are safetensors, or a pickle of nothing but tensors."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._device = device
        self._model = AutoModelForTokenClassification.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, dtype=device.dtype, weights_only=True
        )
        self._model.to(device.torch).eval()

    @torch.inference_mode()
    def run(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Best:
        """See `TokenModel.run`."""
        mask = np.arange(ids.shape[1]) < lengths[:, None]
        inputs = {"input_ids": self._device.send(ids)}
        if not mask.all():
            inputs["attention_mask"] = self._device.send(mask.astype(np.int64))
        scores, classes = self._model(**inputs).logits.float().softmax(-1).max(-1)
        return Best(classes.cpu().numpy(), scores.cpu().numpy())

    def release_memory(self) -> None:
        """Give back what is only cached."""
        self._device.release_memory()
