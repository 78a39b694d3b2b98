"""Puts the console together, for `scrubber console` and for the worker."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.applications import Starlette

from scrubber.cli.console.app import LiveView, application
from scrubber.cli.console.drafts import Base, preset_bases
from scrubber.cli.console.playground import Playground
from scrubber.config.policies import read_policy
from scrubber.config.sources import read_yaml
from scrubber.core.keys import KeyRing
from scrubber.detect.detector import Detector
from scrubber.detect.rules.rule import Rule
from scrubber.policies import PRESETS


def console(
    bases: Sequence[Base],
    rules: tuple[Rule, ...],
    models: Mapping[str, Detector],
    keys: KeyRing,
    *,
    live: LiveView | None,
    token: str | None,
) -> Starlette:
    """Return the console."""
    playground = Playground(bases, rules, models, keys)
    return application(playground, live, version=importlib.metadata.version("scrubber"), token=token)


def offered(names: Sequence[str], keys: KeyRing) -> list[Base]:
    """Return the policies to start from: those named first, then the presets. Raises ConfigError."""
    chosen = [_base(name, keys) for name in names]
    known = {base.name for base in chosen}
    return [*chosen, *(base for base in preset_bases() if base.name not in known)]


def _base(name: str, keys: KeyRing) -> Base:
    policy = read_policy(name, keys)  # tells what is wrong with it
    if name in PRESETS:
        return next(base for base in preset_bases() if base.name == name)
    return Base(policy.name, read_yaml(Path(name)), own=True)
