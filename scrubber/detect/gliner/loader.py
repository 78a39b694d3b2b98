"""From a checkpoint to a detector: our engine where it computes the model, the gliner library elsewhere."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scrubber.detect.detector import Description, Detector
from scrubber.detect.files import checked_digest, token_limit
from scrubber.detect.gliner.checkpoint import GRAPH, Checkpoint
from scrubber.detect.gliner.device_thread import DeviceThread
from scrubber.detect.gliner.engine import CPU, CUDA, ONNXRUNTIME, GlinerEngine, ModelFacts, Tuning
from scrubber.detect.gliner.network import SpanModel
from scrubber.detect.gliner.prompt import Prompter
from scrubber.detect.gliner.words import WordReader
from scrubber.detect.gliner_library import GlinerLibraryDetector
from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.extras import require
from scrubber.errors import ConfigError, Problem
from scrubber.telemetry import Happening, ModelLoaded

ON_ONNXRUNTIME = "on onnxruntime"
"""Why our engine is not on torch, as `ModelLoaded` says it."""

Observe = Callable[[Happening], None]


class _Order(NamedTuple):
    """What is to be loaded, how, and who hears of it."""

    checkpoint: Checkpoint
    options: ModelOptions
    description: Description
    observe: Observe


class _Loaded(NamedTuple):
    """A detector, the name of its engine and why it is that one, and the options as they hold."""

    detector: Detector
    engine: str
    reason: str
    options: ModelOptions


def load_gliner(
    folder: Path,
    options: ModelOptions,
    *,
    name: str = "",
    revision: str = "",
    sha256: str = "",
    observe: Observe = lambda _: None,
) -> Detector:
    """Load the checkpoint in `folder`; nothing is fetched. `observe` hears what was loaded, and of every run.

    `name` and `revision` (the folder's name and nothing, if not given) go into audit events.
    With `sha256`, weights with another digest are refused before they are read.
    """
    checkpoint = Checkpoint(folder)
    on_onnx = runs_on_onnxruntime(checkpoint, options)
    if not on_onnx:
        require("torch", "gliner")
    description = Description(name or folder.name, revision, checked_digest(checkpoint.weights, sha256))
    order = _Order(checkpoint, options, description, observe)
    loaded = _on_onnxruntime(order) if on_onnx else _on_torch(order)
    names = description.name, description.revision, description.digest
    observe(ModelLoaded(*names, loaded.engine, loaded.reason, loaded.options.device, loaded.options.dtype))
    return loaded.detector


def runs_on_onnxruntime(checkpoint: Checkpoint, options: ModelOptions) -> bool:
    """Whether onnxruntime would compute the model here: where that is asked for, or there is no torch."""
    if options.runtime == "auto":
        return checkpoint.has_graph and importlib.util.find_spec("torch") is None
    return options.runtime == "onnxruntime"


def _on_torch(order: _Order) -> _Loaded:
    from scrubber.detect.runtime.torch import device as devices  # noqa: PLC0415 - torch is an optional extra
    from scrubber.detect.runtime.torch import encoders  # noqa: PLC0415
    from scrubber.detect.runtime.torch.span_model import SpanModel as TorchSpanModel  # noqa: PLC0415
    from scrubber.detect.runtime.torch.weights import read_weights  # noqa: PLC0415

    checkpoint, options = order.checkpoint, devices.resolve(order.options)
    reason = checkpoint.unsupported() or encoders.unsupported(checkpoint.encoder_config)
    if reason is not None:
        library = GlinerLibraryDetector(checkpoint, order.description, options, observe=order.observe)
        return _Loaded(library, "gliner library", reason, options)
    device = devices.Device(options.device, options.dtype)

    def model(max_width: int) -> SpanModel:
        def build(device: devices.Device, exact: Callable[[], TorchSpanModel] | None) -> TorchSpanModel:
            weights, config, network = read_weights(checkpoint.weights), checkpoint.config, checkpoint.encoder_config
            return TorchSpanModel(weights, config, network, device, max_width, exact=exact)

        if options.dtype == "float32":
            return DeviceThread(build(device, None), queues=device.is_cuda)
        exact = cache(lambda: build(devices.Device(options.device, "float32"), None))
        return DeviceThread(build(device, exact), queues=device.is_cuda)

    return _Loaded(_own(order, model, CUDA if device.is_cuda else CPU), "own", "", options)


def _on_onnxruntime(order: _Order) -> _Loaded:
    from scrubber.detect.runtime.onnx_spans import OnnxSpanModel  # noqa: PLC0415 - not before it is needed

    checkpoint, options = order.checkpoint, order.options
    if not checkpoint.has_graph:
        raise ConfigError([Problem("model.runtime", f"{checkpoint.folder} holds no {GRAPH}", "use torch")])
    if options.device not in ("auto", "cpu") or options.dtype not in ("auto", "float32") or options.max_width:
        message = "onnxruntime computes on the CPU, in float32, spans of the model's own width"
        raise ConfigError([Problem("model.runtime", message, "use torch")])

    def model(_max_width: int) -> SpanModel:
        return DeviceThread(OnnxSpanModel(checkpoint.folder / GRAPH, checkpoint.weights), queues=False)

    options = replace(options, device="cpu", dtype="float32")
    return _Loaded(_own(order, model, ONNXRUNTIME), "own", ON_ONNXRUNTIME, options)


def _own(order: _Order, build: Callable[[int], SpanModel], tuning: Tuning) -> GlinerEngine:
    from tokenizers import Tokenizer  # noqa: PLC0415 - as late as the runtimes

    checkpoint, options = order.checkpoint, order.options
    config, encoder_config = checkpoint.config, checkpoint.encoder_config
    max_width = options.max_width or config.get("max_width", 12)
    try:
        model = build(max_width)
    except Exception as error:  # noqa: BLE001 - no text has been read yet: the cause helps the user
        problem = Problem("model.path", f"cannot load {checkpoint.weights}: {type(error).__name__}: {error}")
        raise ConfigError([problem]) from None
    if options.max_batch_tokens is not None:
        tuning = tuning._replace(max_batch_tokens=options.max_batch_tokens)
    tokens = token_limit(checkpoint.folder, encoder_config)
    facts = ModelFacts(order.description, config.get("max_len", 384), tokens, max_width)
    # One copy of the tokenizer for each user: the reader switches padding and truncation off in its own.
    tokenizer = (checkpoint.folder / "tokenizer.json").read_text("utf-8")
    reader = WordReader(Tokenizer.from_str(tokenizer))
    prompter = Prompter(Tokenizer.from_str(tokenizer), config, encoder_config)
    return GlinerEngine(model, reader, prompter, facts, tuning, observe=order.observe)
