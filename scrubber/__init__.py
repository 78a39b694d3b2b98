"""scrubber: keeps personal data out of log pipelines."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scrubber.api import Scrubber, ScrubResult
    from scrubber.core.spans import Redaction
    from scrubber.errors import ConfigError, DetectorError, Reason, ScrubberError
    from scrubber.log_hooks import ScrubFilter, ScrubProcessor

# Where each name is; loaded when it is asked for, so that the command line does not load what it does not use.
_PLACES: Final = {
    "ConfigError": "scrubber.errors",
    "DetectorError": "scrubber.errors",
    "Reason": "scrubber.errors",
    "Redaction": "scrubber.core.spans",
    "ScrubFilter": "scrubber.log_hooks",
    "ScrubProcessor": "scrubber.log_hooks",
    "ScrubResult": "scrubber.api",
    "Scrubber": "scrubber.api",
    "ScrubberError": "scrubber.errors",
}

__all__ = [
    "ConfigError",
    "DetectorError",
    "Reason",
    "Redaction",
    "ScrubFilter",
    "ScrubProcessor",
    "ScrubResult",
    "Scrubber",
    "ScrubberError",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
