"""What the user may say about how a model runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Where a model runs and how: `dtype` is "fp32", "bf16" (CPUs with AMX) or "fp16" (GPUs).

    `max_width` (words) overrides the model's longest span, `max_batch_tokens` (padded) what the device gets at once.
    """

    device: str = "cpu"
    dtype: str = "fp32"
    max_width: int | None = None
    max_batch_tokens: int | None = None
