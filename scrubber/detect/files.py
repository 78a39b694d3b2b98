"""The files of a model folder in the hub's layout, read before any weight is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scrubber.errors import ConfigError, Problem

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Pickles are read as tensors only, and only for want of something better."""

_UNLIMITED = 1_000_000  # tokenizers without a limit say 1e30


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        loaded: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        problem = Problem("model.path", f"{file.parent} holds no {file.name}", "give the folder of a model")
    except ValueError as error:
        problem = Problem("model.path", f"{file} is not JSON: {error}")
    else:
        return loaded
    raise ConfigError([problem])


def first_of(folder: Path, names: Sequence[str]) -> Path:
    """Return the first of `names` that the folder holds."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ConfigError([Problem("model.path", f"{folder} holds neither {' nor '.join(names)}")])


def checked_digest(file: Path, sha256: str = "") -> str:
    """SHA-256 of `file` in hex, or a `ConfigError` if it is not the one that is asked for."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if sha256 and digest != sha256.lower():
        message = f"{file} has the SHA-256 {digest}, not the one that is pinned"
        raise ConfigError([Problem("model.sha256", message, "pull the pinned revision again")])
    return digest


def token_limit(folder: Path, network: Mapping[str, Any]) -> int | None:
    """Tokens that a model with the configuration `network` can read at once, or None: positions are relative."""
    limits = [_UNLIMITED]
    if (folder / "tokenizer_config.json").is_file():
        limits.append(read_json(folder / "tokenizer_config.json").get("model_max_length") or _UNLIMITED)
    if network.get("position_biased_input", True):
        positions = network.get("max_position_embeddings") or _UNLIMITED
        # RoBERTa and its kind begin to count behind the padding id.
        offset = network.get("pad_token_id", 1) + 1 if "roberta" in str(network.get("model_type")) else 0
        limits.append(positions - offset)
    return int(min(limits)) if min(limits) < _UNLIMITED else None
