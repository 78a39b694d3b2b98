"""What the user may say about how a model runs, and what is said when one is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scrubber.telemetry import Happening, Level

DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Where a model runs and how.

    `device` is "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:<n>"; `dtype` is one of `DTYPES`, "auto" being
    float16 on a GPU, bfloat16 on a CPU with AMX, and float32 elsewhere. `max_width` (words) overrides the longest span
    of a GLiNER model, `max_batch_tokens` (padded) what the device gets at once.
    """

    device: str = "cpu"
    dtype: str = "float32"
    max_width: int | None = None
    max_batch_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelLoaded(Happening):
    """A model is in memory. `engine` is "own", "gliner library", "torch" or "onnxruntime"; `reason` why not our own."""

    level: ClassVar[Level] = "info"
    name: str
    revision: str
    digest: str
    engine: str
    reason: str
    device: str
    dtype: str
