"""The tensors of a checkpoint, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from scrubber.detect.runtime.torch.device import Device


class Linear(NamedTuple):
    """Weights of `x @ weight.T + bias`, or scale and shift of a layer norm."""

    weight: Tensor
    bias: Tensor


_ROW_SCALE = ".row_scale"


def has_packed_rows(file: Path) -> bool:
    """Whether `file` holds rows of int8 (see `read_weights`), which others would take for the weights themselves."""
    if file.suffix != ".safetensors":
        return False
    with safe_open(file, framework="pt") as opened:
        return any(name.endswith(_ROW_SCALE) for name in opened.keys())  # noqa: SIM118 - no mapping


def read_weights(file: Path) -> dict[str, Tensor]:
    """Read a safetensors file, or a pickle of nothing but tensors.

    A matrix `NAME` beside a vector `NAME.row_scale` is stored as rows of int8, which are multiplied out here: they save
    space in the file, the arithmetic of the model is not touched.
    """
    if file.suffix != ".safetensors":
        loaded: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
        return loaded
    tensors = load_file(file)
    with safe_open(file, framework="pt") as opened:
        aliases = opened.metadata() or {}
    # Tensors that share memory are stored once; the metadata maps the other names to that one.
    tensors.update({name: tensors[stored] for name, stored in aliases.items() if stored in tensors})
    scales = {name.removesuffix(_ROW_SCALE): tensors.pop(name) for name in list(tensors) if name.endswith(_ROW_SCALE)}
    return tensors | {name: tensors[name].float() * scale[:, None] for name, scale in scales.items()}


class Weights:
    """Hands tensors of a checkpoint out, on their device and in its precision. A missing one is a `KeyError`."""

    def __init__(self, tensors: Mapping[str, Tensor], device: Device, prefix: str = "") -> None:
        self._tensors = tensors
        self._device = device
        self._prefix = prefix

    def under(self, prefix: str) -> Weights:
        """The same weights, seen from a part of the model."""
        return Weights(self._tensors, self._device, f"{self._prefix}{prefix}.")

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._tensors

    def exact(self, name: str) -> Tensor:
        """Return tensor `name` in fp32, for what is computed from weights once at load."""
        return self._tensors[self._prefix + name].to(self._device.torch, torch.float32)

    def tensor(self, name: str) -> Tensor:
        """Return tensor `name`."""
        return self.cast(self._tensors[self._prefix + name])

    def linear(self, name: str) -> Linear:
        """Return weight and bias of layer `name`."""
        return Linear(self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias"))

    def exact_linear(self, name: str) -> Linear:
        """Return weight and bias of layer `name` in fp32."""
        return Linear(self.exact(f"{name}.weight"), self.exact(f"{name}.bias"))

    def cast(self, tensor: Tensor) -> Tensor:
        """Bring a tensor that was computed from weights to the device's precision."""
        return tensor.to(self._device.torch, self._device.dtype).contiguous()
