"""A token classifier on torch: transformers' own network, fed in our batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoModelForTokenClassification

from scrubber.detect.runtime.torch.dense import Dense
from scrubber.detect.runtime.torch.device import Device
from scrubber.detect.runtime.torch.weights import Linear
from scrubber.detect.tokens.engine import Best


class TorchTokenModel:
    """The model in `folder`; its weights are safetensors, or a pickle of nothing but tensors."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._device = device
        self._model = AutoModelForTokenClassification.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, dtype=device.dtype, weights_only=True
        )
        self._model.to(device.torch).eval().requires_grad_(requires_grad=False)
        _lay_out(self._model)

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


class _LaidOut(nn.Module):
    """A linear layer whose weights are laid out for the processor once, not in every batch."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self._dense = Dense(Linear(layer.weight, layer.bias))

    def forward(self, x: Tensor) -> Tensor:
        return self._dense(x)


def _lay_out(network: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.Linear and layer.bias is not None:
                setattr(parent, name, _LaidOut(layer))
