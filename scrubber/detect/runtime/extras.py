"""Optional packages: asked for when a detector is built, never when a module is imported."""

from __future__ import annotations

import importlib
from typing import Any

from scrubber.errors import ConfigError, Problem


def require(module: str, extra: str) -> Any:
    """Import `module`, or raise a `ConfigError` that says which extra brings it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        missing = Problem("model", f"the package {module!r} is not installed", f"pip install 'scrubber[{extra}]'")
    raise ConfigError([missing])
