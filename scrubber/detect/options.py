"""What the user may say about how a model runs."""

from __future__ import annotations

from dataclasses import dataclass

DTYPES = ("auto", "float32", "bfloat16", "float16")
RUNTIMES = ("auto", "torch", "onnxruntime")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Where a model runs and how.

    `device` is "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:<n>"; `dtype` is one of `DTYPES`, "auto" being
    float16 on a GPU, bfloat16 on a CPU with AMX, and float32 elsewhere. `max_width` (words) overrides the longest span
    of a GLiNER model, `max_batch_tokens` (padded) what the device gets at once. `runtime` is one of `RUNTIMES`, "auto"
    being torch where it is installed or nothing else runs the model.
    """

    device: str = "cpu"
    dtype: str = "float32"
    max_width: int | None = None
    max_batch_tokens: int | None = None
    runtime: str = "auto"
