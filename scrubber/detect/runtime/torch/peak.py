"""What products of matrices reach on a device: the roof that a forward pass is measured against."""

from __future__ import annotations

import torch

from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.torch.dense import Dense
from scrubber.detect.runtime.torch.device import Device, resolve
from scrubber.detect.runtime.torch.weights import Linear

_SIZE = 1536
_TRIALS = 5
_TRIAL_SECS = 0.2


@torch.inference_mode()
def peak_flops(options: ModelOptions) -> float:
    """Return the most FLOP/s that multiplying large matrices reached, in the precision of `options`."""
    options = resolve(options)
    device = Device(options.device, options.dtype)
    rows, weight = (torch.rand(_SIZE, _SIZE).to(device.torch, device.dtype) for _ in range(2))
    layer = Dense(Linear(weight, weight[0]))
    layer(rows)

    def product_secs(count: int) -> float:
        start = device.mark()
        for _ in range(count):
            layer(rows)
        return device.secs(start, device.mark()) / count

    count = max(1, round(_TRIAL_SECS / product_secs(2)))
    return 2.0 * _SIZE**3 / min(product_secs(count) for _ in range(_TRIALS))
