"""Linear layers together with what follows them: one kernel instead of two, and half the traffic to memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from scrubber.detect.runtime.torch.weights import Linear


class Dense:
    """A linear layer. On a CPU whose library (oneDNN) has kernels for it, the weights are laid out for them once."""

    def __init__(self, layer: Linear) -> None:
        self._packed = _has_kernels(layer.weight)
        self._weight, self._bias = layer
        if self._packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight)  # noqa: SLF001 - as torch's compiler

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x @ weight.T + bias`."""
        if self._packed:
            return self._fused(x, "none", "")
        return F.linear(x, self._weight, self._bias)

    def relu(self, x: Tensor) -> Tensor:
        """Return the layer's output where it is positive, zero elsewhere."""
        if self._packed:
            return self._fused(x, "relu", "")
        return F.linear(x, self._weight, self._bias).relu_()

    def gelu(self, x: Tensor) -> Tensor:
        """Return the GELU of the layer's output."""
        if self._packed:
            return self._fused(x, "gelu", "none")
        return F.gelu(F.linear(x, self._weight, self._bias))

    def plus(self, x: Tensor, other: Tensor) -> Tensor:
        """Return `other` plus the layer's output."""
        if self._packed:
            kernel = torch.ops.mkldnn._linear_pointwise.binary  # noqa: SLF001
            both: Tensor = kernel(x.contiguous(), other.contiguous(), self._weight, self._bias, "add")
            return both
        return other + F.linear(x, self._weight, self._bias)

    def _fused(self, x: Tensor, what: str, algorithm: str) -> Tensor:
        kernel = torch.ops.mkldnn._linear_pointwise.default  # noqa: SLF001
        output: Tensor = kernel(x.contiguous(), self._weight, self._bias, what, [], algorithm)
        return output


def _has_kernels(weight: Tensor) -> bool:
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    kernels = torch.ops.mkldnn
    if not (hasattr(kernels, "_linear_pointwise") and hasattr(kernels, "_reorder_linear_weight")):
        return False
    return weight.dtype == torch.float32 or (
        weight.dtype == torch.bfloat16 and bool(kernels._is_mkldnn_bf16_supported())  # noqa: SLF001
    )
