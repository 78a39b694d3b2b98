"""Any model, by the kind that its folder shows, and what stands between it and the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from scrubber.core.labels import DIGITS_MATTER
from scrubber.detect.cache import CachedDetector, TemplateDetector
from scrubber.detect.calibration import CalibratedDetector, read_thresholds
from scrubber.detect.detector import Detector
from scrubber.detect.files import read_json
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.hub import EMBEDDED, Located
from scrubber.detect.options import ModelOptions
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.sparing import SparingDetector, found_by_rules
from scrubber.detect.tokens.loader import NO_LABELS, load_tokens
from scrubber.detect.wording import WordedDetector, read_wording
from scrubber.detect.worker import DeviceWorker
from scrubber.errors import ConfigError, Problem
from scrubber.telemetry import Happening

Kind = Literal["gliner", "tokens"]
Memory = Literal["off", "exact", "templates"]


def kind_of(located: Located) -> Kind:
    """Which engine a model is for."""
    if (located.folder / "gliner_config.json").is_file():
        return "gliner"
    if read_json(located.folder / "config.json").get("id2label"):
        return "tokens"
    hint = "scrubber runs GLiNER models and token classifiers"
    raise ConfigError([Problem("model.path", f"{located.name} is neither", hint)])


def load_model(
    located: Located,
    options: ModelOptions,
    *,
    weights: str | None = None,
    labels: Mapping[str, str | None] = NO_LABELS,
    sha256: str = "",
    calibrated: bool = True,
    asks_all: bool = True,
    observe: Callable[[Happening], None] = lambda _: None,
) -> Detector:
    """Load a model. `weights` (a file of it, not the usual one) and `labels` are for token classifiers only.

    `calibrated` False leaves what a GLiNER model is asked, and its scores, as they are; with `asks_all` False it is not
    asked for labels that the built-in rules find all of.
    """
    folder, name, revision = located
    if kind_of(located) == "gliner":
        detector = load_gliner(folder, options, name=name, revision=revision, sha256=sha256, observe=observe)
        wording = read_wording(folder) if calibrated else None
        if wording is not None:
            detector = WordedDetector(detector, wording)
        thresholds = read_thresholds(folder) if calibrated else None
        if thresholds is not None:
            detector = CalibratedDetector(detector, thresholds)
        return detector if asks_all else SparingDetector(detector, found_by_rules(builtin_rules()))
    return load_tokens(
        folder,
        options,
        weights=weights,
        labels=labels,
        name=name,
        revision=revision,
        sha256=sha256,
        observe=observe,
    )


def usual_memory(name: str) -> Memory:
    """Return how a model's answers are remembered where nobody has chosen: by templates where that was measured."""
    return "templates" if name == EMBEDDED else "exact"


def on_device(
    detector: Detector,
    *,
    memory: Memory = "exact",
    max_bytes: int = 64 << 20,
    digits_matter: frozenset[str] = DIGITS_MATTER,
    observe: Callable[[Happening], None] = lambda _: None,
) -> Detector:
    """Put `detector` behind the thread that owns the device, and a memory of `max_bytes` before it.

    "exact" remembers texts; "templates" first replaces the digits that differ from line to line, so that it meets more
    of them again. The answers of "exact" and "off" are equal.
    """
    worker = DeviceWorker(detector, observe)
    if memory == "off":
        return worker
    cached = CachedDetector(worker, max_bytes, observe)
    return TemplateDetector(cached, digits_matter) if memory == "templates" else cached
