"""Environments of their own for what scrubber is compared with, made with uv and kept between runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

UV = os.environ.get("UV", "uv")  # `uv run` tells where it is, which need not be on the path


def environment(home: Path, packages: Sequence[str]) -> Path:
    """Return the interpreter of an environment at `home` that has `packages`, made first if need be."""
    python = home / "bin/python"
    if not python.exists():
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, home], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return python
