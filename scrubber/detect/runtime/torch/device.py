"""The device that a model runs on: where its tensors live and in which precision it computes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from scrubber.detect.options import ModelOptions
from scrubber.errors import ConfigError, Problem

Mark = Any
"""A moment in the work of a device: seconds on a CPU, an event on a GPU."""

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def resolve(options: ModelOptions) -> ModelOptions:
    """Replace "auto" by what this machine has; a device that it has not is a `ConfigError`."""
    device, dtype = options.device, options.dtype
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        problem = Problem("model.device", f"torch sees no GPU for {device!r}", "use cpu, or a CUDA build of torch")
        raise ConfigError([problem])
    if dtype == "auto":
        has_amx = bool(torch.cpu.get_capabilities().get("amx_bf16"))
        dtype = "float16" if device.startswith("cuda") else "bfloat16" if has_amx else "float32"
    return replace(options, device=device, dtype=dtype)


class Device:
    """`name` is torch's ("cpu", "cuda", "cuda:1"). Only here does the code know a CUDA device from a CPU."""

    def __init__(self, name: str, dtype: str) -> None:
        self.torch = torch.device(name)
        self.dtype = _DTYPES[dtype]
        self.is_cuda = self.torch.type == "cuda"
        self._reader = torch.cuda.Stream(self.torch) if self.is_cuda else None  # type: ignore[no-untyped-call]

    def send(self, array: NDArray[Any]) -> Tensor:
        """Copy `array` to the device, without waiting for the copy."""
        tensor = torch.from_numpy(array)
        return tensor.pin_memory().to(self.torch, non_blocking=True) if self.is_cuda else tensor

    def mark(self) -> Mark:
        """Return the moment at which all work that has been queued so far is done."""
        if not self.is_cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self.torch))
        return event

    def secs(self, start: Mark, stop: Mark) -> float:
        """Return the time between two marks; waits for the second."""
        if not self.is_cuda:
            return float(stop - start)
        stop.synchronize()
        return float(start.elapsed_time(stop)) / 1e3

    @contextlib.contextmanager
    def reading(self, mark: Mark) -> Iterator[None]:
        """Read results that are ready at `mark`, beside whatever has been queued since then."""
        if self._reader is None:
            yield
            return
        with torch.cuda.stream(self._reader):
            self._reader.wait_event(mark)
            yield

    def release_memory(self) -> None:
        """Give cached blocks back, so that a smaller batch finds room after a larger one found none."""
        if self.is_cuda:
            torch.cuda.empty_cache()
