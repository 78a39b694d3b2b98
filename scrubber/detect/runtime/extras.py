"""Optional packages: asked for when a detector is built, never when a module is imported."""

from __future__ import annotations

import importlib
from typing import Any

from scrubber.errors import ConfigError, Problem


def require(module: str, extra: str, at: str = "model") -> Any:
    """Import `module`, or raise a `ConfigError` that says which extra brings it; `at` is the setting that needs it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        missing = Problem(at, f"the package {module!r} is not installed", f"pip install 'scrubber[{extra}]'")
    raise ConfigError([missing])
