"""The policies that come with scrubber, and the way from a policy file's dict to a `Policy`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.labels import did_you_mean
from scrubber.core.policy import Policy
from scrubber.core.policy_compile import compile_policy
from scrubber.errors import ConfigError, Problem

PRESETS = ("logs", "gdpr", "hipaa", "pci", "strict")
"""Names of the policies that come with scrubber; the first is the default."""


def load_policy(document: Mapping[str, Any] | str, keys: KeyRing = NO_KEYS) -> Policy:
    """Return the policy that `document` describes, or the preset of that name. Raises ConfigError."""
    if isinstance(document, str):
        if document not in PRESETS:
            hint = did_you_mean(document, PRESETS) or f"one of {', '.join(PRESETS)}"
            raise ConfigError([Problem("policy", f"no preset is called {document!r}", hint)])
        document = read_preset(document)
    return compile_policy(document, keys, {name: read_preset(name) for name in PRESETS})


@cache
def read_preset(name: str) -> dict[str, Any]:
    """Return the preset `name` as a plain dict; `name` is one of PRESETS."""
    document: dict[str, Any] = yaml.safe_load(resources.files(__name__).joinpath(f"{name}.yaml").read_bytes())
    return document
