"""From a folder in the hub's layout to a token classifier, on torch or onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scrubber.detect.detector import Description
from scrubber.detect.files import WEIGHTS, checked_digest, first_of, read_json, token_limit
from scrubber.detect.gliner.words import MAX_WORD_TOKENS
from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.extras import require
from scrubber.detect.tokens.engine import Aggregation, TokenEngine, TokenFacts, TokenModel
from scrubber.detect.tokens.reader import TokenReader
from scrubber.detect.tokens.tags import tags
from scrubber.errors import ConfigError, Problem
from scrubber.telemetry import Happening, ModelLoaded

_MAX_WINDOW_TOKENS = 1024  # where positions are relative: attention grows with the square
_BATCH_TOKENS = {"cpu": 2048, "cuda": 32_768}
NO_LABELS: Mapping[str, str | None] = {}


def load_tokens(
    folder: Path,
    options: ModelOptions,
    *,
    weights: str | None = None,
    aggregation: Aggregation = "simple",
    labels: Mapping[str, str | None] = NO_LABELS,
    name: str = "",
    revision: str = "",
    sha256: str = "",
    observe: Callable[[Happening], None] = lambda _: None,
) -> TokenEngine:
    """Load the token classifier in `folder`; nothing is fetched.

    `weights` names a file in it, such as onnx/model_quantized.onnx; without it torch's weights are taken. `labels` maps
    names of the model's classes onto ours, before what is known of them. With `sha256`, other weights are refused.
    """
    file = first_of(folder, WEIGHTS if weights is None else (weights,))
    description = Description(name or folder.name, revision, checked_digest(file, sha256))
    config = read_json(folder / "config.json")
    if not config.get("id2label"):
        raise ConfigError([Problem("model.path", f"{folder} holds no token classifier: config.json has no id2label")])
    facts = TokenFacts(description, tags(config["id2label"], labels), _max_tokens(folder, config), _padding(config))
    from tokenizers import Tokenizer  # noqa: PLC0415 - not before it is needed

    reader = TokenReader(Tokenizer.from_file(str(first_of(folder, ("tokenizer.json",)))))
    if file.suffix == ".onnx":
        model, options = _onnx(file), ModelOptions("cpu", "as exported", max_batch_tokens=options.max_batch_tokens)
    else:
        model, options = _torch(folder, options)
    budget = options.max_batch_tokens or _BATCH_TOKENS[options.device.partition(":")[0]]
    names = description.name, description.revision, description.digest
    runtime = "onnxruntime" if file.suffix == ".onnx" else "torch"
    observe(ModelLoaded(*names, runtime, "", options.device, options.dtype))
    return TokenEngine(model, reader, facts, max_batch_tokens=budget, aggregation=aggregation, observe=observe)


def _torch(folder: Path, options: ModelOptions) -> tuple[TokenModel, ModelOptions]:
    require("transformers", "gliner")
    from scrubber.detect.runtime.torch.device import Device, resolve  # noqa: PLC0415 - torch is an optional extra
    from scrubber.detect.runtime.torch.token_model import TorchTokenModel  # noqa: PLC0415

    options = resolve(options)
    return _loaded(folder, lambda: TorchTokenModel(folder, Device(options.device, options.dtype))), options


def _onnx(file: Path) -> TokenModel:
    from scrubber.detect.runtime.onnx import OnnxTokenModel  # noqa: PLC0415 - not before it is needed

    return _loaded(file, lambda: OnnxTokenModel(file))


def _loaded(path: Path, load: Callable[[], TokenModel]) -> TokenModel:
    try:
        return load()
    except Exception as error:  # noqa: BLE001 - no text has been read yet: the cause helps the user
        problem = Problem("model.path", f"cannot load {path}: {type(error).__name__}: {error}")
    raise ConfigError([problem])


def _max_tokens(folder: Path, config: Mapping[str, Any]) -> int:
    limit = min(token_limit(folder, config) or _MAX_WINDOW_TOKENS, _MAX_WINDOW_TOKENS)
    if limit < MAX_WORD_TOKENS + 8:
        raise ConfigError([Problem("model.path", f"the model reads only {limit} tokens at once")])
    return limit


def _padding(config: Mapping[str, Any]) -> int:
    return int(config.get("pad_token_id") or 0)
