"""Where tests keep what is dear to fetch or build: a folder of the user's, kept between runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def cache_root() -> Path:
    """`~/.cache/scrubber`, or what `SCRUBBER_CACHE` names."""
    if chosen := os.environ.get("SCRUBBER_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scrubber"


def filled(folder: Path, fill: Callable[[Path], None]) -> Path:
    """`folder`, filled first unless it is there: whole or not at all, whoever else fills it meanwhile.

    Args:
        folder: of the cache.
        fill: is given the path of a folder to make and fill.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            made = Path(scratch) / "made"
            fill(made)
            try:
                made.rename(folder)
            except OSError:
                if not folder.exists():  # else another process was quicker
                    raise
    return folder
