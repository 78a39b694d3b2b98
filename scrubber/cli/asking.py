"""What the commands that ask a cluster, and scrub nothing, begin with."""

from __future__ import annotations

import os
from pathlib import Path

from scrubber import logs
from scrubber.config import Config, load


def config_to_ask(file: Path) -> Config:
    """Return the configuration, and let what the Kafka client says go to standard error. Raises ConfigError.

    Standard output is the answer: unless told so, structlog prints there.
    """
    config = load(file, os.environ)
    logs.set_up(config.logging)
    return config
