"""How much memory of the GPU this process uses. Never imports torch: where nobody has, there is none in use."""

from __future__ import annotations

import sys
from typing import NamedTuple


class GpuMemory(NamedTuple):
    """Bytes in tensors, and bytes taken from the driver for them."""

    allocated: int
    reserved: int


def gpu_memory() -> GpuMemory | None:
    """Return what torch uses on the current GPU; None where it uses none."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    is_initialized = getattr(cuda, "is_initialized", None)  # not there yet while another thread imports it
    if cuda is None or is_initialized is None or not is_initialized():
        return None
    return GpuMemory(cuda.memory_allocated(), cuda.memory_reserved())
