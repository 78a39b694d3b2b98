"""Where models come from: a folder, or the local cache of the Hugging Face hub, which only `pull` fills."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from scrubber.detect.files import WEIGHTS, read_json
from scrubber.detect.runtime.extras import require
from scrubber.errors import ConfigError, Problem

EMBEDDED = "embedded"
"""Where a path or an id is expected, this is the model that comes with the package."""

_EMBEDDED_FOLDER = Path(__file__).parent / "embedded"
_BESIDE = ("*.json", "vocab.txt", "merges.txt")
_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


class Located(NamedTuple):
    """A model on this machine. `revision` is the commit for one from the hub, and what the user calls it otherwise."""

    folder: Path
    name: str
    revision: str


def locate(path: str, revision: str | None = None) -> Located:
    """Return `EMBEDDED`, the model in the folder `path`, or the one of that id in the local cache; fetch nothing."""
    if path == EMBEDDED:
        return Located(_EMBEDDED_FOLDER, "scrubber-embedded", read_json(_EMBEDDED_FOLDER / "version.json")["version"])
    folder = Path(path)
    if folder.is_dir():
        return Located(folder, folder.resolve().name, revision or "")
    if _REPOSITORY.fullmatch(path) is None:
        raise ConfigError([_no_folder(path)])
    hub = require("huggingface_hub", "gliner")
    try:
        # Whether the whole repository was fetched is not asked: `pull` leaves out what nobody needs.
        found = Path(hub.snapshot_download(path, revision=revision, local_files_only=True, allow_patterns=["*.json"]))
    except FileNotFoundError:
        pinned = f" --revision {revision}" if revision else ""
        missing = Problem("model.path", f"{path} is not on this machine", f"scrubber model pull {path}{pinned}")
    except ValueError:  # the hub has no such names
        missing = _no_folder(path)
    else:
        return Located(found, path, found.name)
    raise ConfigError([missing])


def _no_folder(path: str) -> Problem:
    return Problem("model.path", f"there is no folder {path}")


def pull(repository: str, revision: str | None = None, weights: str | None = None) -> Located:
    """Fetch a model from the hub into the local cache: configuration, tokenizer, and one file of weights.

    `weights` names that file, such as onnx/model_quantized.onnx; without it, safetensors go before a pickle. `revision`
    is a branch, tag or commit; what is returned is the commit.
    """
    hub = require("huggingface_hub", "gliner")
    try:
        listing = hub.HfApi().model_info(repository, revision=revision)
        files = [sibling.rfilename for sibling in listing.siblings]
        chosen = _weights(repository, files, weights)
        wanted = [file for file in files if file == chosen or any(fnmatch(file, pattern) for pattern in _BESIDE)]
        folder = Path(hub.snapshot_download(repository, revision=listing.sha, allow_patterns=wanted))
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - the hub's many errors have one meaning here, and their own words
        problem = Problem("model.path", f"cannot pull {repository}: {type(error).__name__}: {error}")
    else:
        return Located(folder, repository, listing.sha)
    raise ConfigError([problem])


def _weights(repository: str, files: list[str], weights: str | None) -> str:
    for name in WEIGHTS if weights is None else (weights,):
        if name in files:
            return name
    known = ", ".join(file for file in files if Path(file).suffix in {".safetensors", ".bin", ".onnx"})
    problem = Problem("model.path", f"{repository} holds no {weights or ' nor '.join(WEIGHTS)}", f"it holds {known}")
    raise ConfigError([problem])
