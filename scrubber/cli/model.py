"""`scrubber model`: fetch a model, say what it is, and prove that it gives the right answers here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from scrubber.cli.exits import Exit
from scrubber.detect.files import WEIGHTS, checked_digest, first_of, read_json, token_limit
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner.loader import runs_on_onnxruntime
from scrubber.detect.hub import Located, locate
from scrubber.detect.hub import pull as pull_from_hub
from scrubber.detect.models import kind_of, load_model
from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.extras import require
from scrubber.detect.selftest import compare_gliner
from scrubber.detect.tokens.tags import tags
from scrubber.telemetry import Happening, ModelLoaded

_REVISION = click.option("--revision", help="Branch, tag or commit of a model from the hub.")
_WEIGHTS = click.option("--weights", help="File with the weights, such as onnx/model_quantized.onnx.")


@click.group
def command() -> None:
    """Fetch models and look at them."""


@command.command
@click.argument("repository")
@_REVISION
@_WEIGHTS
def pull(repository: str, revision: str | None, weights: str | None) -> None:
    """Fetch the model REPOSITORY (owner/name) from the Hugging Face hub into its local cache.

    Prints what pins it: put the commit and the digest into the configuration.
    """
    show(_identity(pull_from_hub(repository, revision, weights), weights))


@command.command
@click.argument("path")
@_REVISION
@_WEIGHTS
def info(path: str, revision: str | None, weights: str | None) -> None:
    """Say what the model PATH (a folder, or owner/name) is and how it would run."""
    located = locate(path, revision)
    kind = kind_of(located)
    show(_identity(located, weights))
    show([("kind", kind), *(_gliner(located) if kind == "gliner" else _tokens(located))])


@command.command
@click.argument("path")
@_REVISION
@_WEIGHTS
@click.option("--sha256", default="", help="Digest that the weights must have.")
def verify(path: str, revision: str | None, weights: str | None, sha256: str) -> int:
    """Load the model PATH and compare our engine's answers with those of the library that it stands in for.

    Ends with 0 if they agree, 1 if they do not.
    """
    located = locate(path, revision)
    seen: list[Happening] = []
    detector = load_model(
        located, ModelOptions(), weights=weights, sha256=sha256, calibrated=False, observe=seen.append
    )
    detector.warm_up()
    show(_identity(located, weights))
    (loaded,) = [happening for happening in seen if isinstance(happening, ModelLoaded)]
    show([("engine", engine_name(loaded.engine, loaded.reason))])
    if loaded.engine != "own":
        show([("answers", "those of the engine itself: there is nothing to compare")])
        return Exit.OK
    verdict = compare_gliner(detector, located.folder)
    largest = f"largest score difference {verdict.score_difference:.1e}"
    show([("answers", f"{verdict.spans} spans of the library, {verdict.differing} differ, {largest}")])
    return Exit.OK if verdict.passed else Exit.FAILED


def _identity(located: Located, weights: str | None) -> Iterator[tuple[str, str]]:
    file = first_of(located.folder, WEIGHTS if weights is None else (weights,))
    yield "model", located.name
    yield "revision", located.revision or "none"
    yield "folder", str(located.folder)
    yield "weights", f"{file.name}, {file.stat().st_size:,} bytes"
    yield "sha256", checked_digest(file)


def _gliner(located: Located) -> Iterator[tuple[str, str]]:
    checkpoint = Checkpoint(located.folder)
    network = checkpoint.encoder_config
    yield "engine", _gliner_engine(checkpoint)
    yield "network", _network(network)
    yield "windows", f"{checkpoint.config.get('max_len', 384)} words, {_tokens_at_once(located, network)}"
    yield "spans", f"up to {checkpoint.config.get('max_width', 12)} words"


def _gliner_engine(checkpoint: Checkpoint) -> str:
    if runs_on_onnxruntime(checkpoint, ModelOptions()):
        return engine_name("own", "on onnxruntime")
    require("torch", "gliner")
    from scrubber.detect.runtime.torch import encoders  # noqa: PLC0415 - torch is an optional extra

    reason = checkpoint.unsupported() or encoders.unsupported(checkpoint.encoder_config)
    return engine_name("gliner library" if reason else "own", reason or "")


def _tokens(located: Located) -> Iterator[tuple[str, str]]:
    config = read_json(located.folder / "config.json")
    yield "network", _network(config)
    yield "windows", _tokens_at_once(located, config)
    for tag in dict.fromkeys(tag._replace(begins=False) for tag in tags(config["id2label"], {})):
        yield "label", f"{tag.name} -> {tag.label or 'nothing'}"


def _network(config: Any) -> str:
    layers = config.get("num_hidden_layers") or config.get("n_layers")
    return f"{config.get('model_type')}, {layers} layers of {config.get('hidden_size') or config.get('dim')}"


def _tokens_at_once(located: Located, network: Any) -> str:
    limit = token_limit(located.folder, network)
    return f"{limit} tokens with the labels" if limit else "any number of tokens"


def engine_name(name: str, reason: str) -> str:
    """Return which engine a model runs on, and why."""
    return f"{name} ({reason})" if reason else name


def show(rows: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> None:
    """Print names and values in columns."""
    for name, value in rows:
        print(f"{name:<{max(10, len(name) + 1)}}{value}")
