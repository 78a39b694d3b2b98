"""A policy by its name, or from its file."""

from __future__ import annotations

from pathlib import Path

from scrubber.config.sources import read_yaml
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.policy import Policy
from scrubber.policies import PRESETS, load_policy


def read_policy(name_or_file: str, keys: KeyRing = NO_KEYS) -> Policy:
    """Return a preset, or the policy in a file (anything with a dot or a slash). Raises ConfigError."""
    if name_or_file in PRESETS or not set("./") & set(name_or_file):
        return load_policy(name_or_file, keys)
    return load_policy(read_yaml(Path(name_or_file)), keys)
