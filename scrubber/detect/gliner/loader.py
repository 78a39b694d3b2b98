"""From a checkpoint to a detector: our engine where it computes the model, the gliner library elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scrubber.detect.detector import Description, Detector
from scrubber.detect.files import checked_digest, token_limit
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner.engine import CPU, CUDA, GlinerEngine, ModelFacts
from scrubber.detect.gliner.prompt import Prompter
from scrubber.detect.gliner.words import WordReader
from scrubber.detect.gliner_library import GlinerLibraryDetector
from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.extras import require
from scrubber.errors import ConfigError, Problem
from scrubber.telemetry import Happening, ModelLoaded


def load_gliner(
    folder: Path,
    options: ModelOptions,
    *,
    name: str = "",
    revision: str = "",
    sha256: str = "",
    observe: Callable[[Happening], None] = lambda _: None,
) -> Detector:
    """Load the checkpoint in `folder`; nothing is fetched. `observe` hears what was loaded, and of every run.

    `name` and `revision` (the folder's name and nothing, if not given) go into audit events.
    With `sha256`, weights with another digest are refused before they are read.
    """
    require("torch", "gliner")
    from scrubber.detect.runtime.torch import device, encoders  # noqa: PLC0415 - torch is an optional extra

    checkpoint = Checkpoint(folder)
    description = Description(name or folder.name, revision, checked_digest(checkpoint.weights, sha256))
    options = device.resolve(options)
    reason = checkpoint.unsupported() or encoders.unsupported(checkpoint.encoder_config)
    if reason is None:
        detector: Detector = _own(checkpoint, options, description, observe)
    else:
        detector = GlinerLibraryDetector(checkpoint, description, options)
    engine = "own" if reason is None else "gliner library"
    names = description.name, description.revision, description.digest
    observe(ModelLoaded(*names, engine, reason or "", options.device, options.dtype))
    return detector


def _own(
    checkpoint: Checkpoint, options: ModelOptions, description: Description, observe: Callable[[Happening], None]
) -> GlinerEngine:
    from tokenizers import Tokenizer  # noqa: PLC0415 - an optional extra, like torch

    from scrubber.detect.runtime.torch.device import Device  # noqa: PLC0415
    from scrubber.detect.runtime.torch.span_model import SpanModel  # noqa: PLC0415
    from scrubber.detect.runtime.torch.weights import read_weights  # noqa: PLC0415

    config, encoder_config = checkpoint.config, checkpoint.encoder_config
    max_width = options.max_width or config.get("max_width", 12)
    device = Device(options.device, options.dtype)
    try:
        model = SpanModel(read_weights(checkpoint.weights), config, encoder_config, device, max_width)
    except Exception as error:  # noqa: BLE001 - no text has been read yet: the cause helps the user
        problem = Problem("model.path", f"cannot load {checkpoint.weights}: {type(error).__name__}: {error}")
        raise ConfigError([problem]) from None
    tuning = CUDA if device.is_cuda else CPU
    if options.max_batch_tokens is not None:
        tuning = tuning._replace(max_batch_tokens=options.max_batch_tokens)
    facts = ModelFacts(
        description, config.get("max_len", 384), token_limit(checkpoint.folder, encoder_config), max_width
    )
    # One copy of the tokenizer for each user: the reader switches padding and truncation off in its own.
    tokenizer = (checkpoint.folder / "tokenizer.json").read_text("utf-8")
    reader = WordReader(Tokenizer.from_str(tokenizer))
    prompter = Prompter(Tokenizer.from_str(tokenizer), config, encoder_config)
    return GlinerEngine(model, reader, prompter, facts, tuning, observe=observe)
