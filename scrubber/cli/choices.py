"""What `pipe`, `detect` and `explain` all ask: which policy, rules, keys and model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from scrubber.cli import garbage
from scrubber.cli.wiring import Engine, compiling, open_detectors, single_policy_engine
from scrubber.config import ModelSection
from scrubber.config.keys import with_key_options
from scrubber.config.policies import read_policy
from scrubber.config.rules import all_rules
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.policy import Policy
from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.models import kind_of
from scrubber.detect.rules.rule import Rule

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--policy", default="logs", show_default=True, metavar="NAME|FILE", help="Preset or policy file."),
    click.option("--rules", metavar="FILE", type=_FILE, multiple=True, help="Rules of your own (YAML). Repeatable."),
    click.option("--key", metavar="ID=FILE", multiple=True, help="Key for the policy's actions. Repeatable."),
    click.option(
        "--model", metavar="NAME|DIR", help="Model beside the rules: a folder, its id on the hub, embedded, or none."
    ),
    click.option("--rules-only", is_flag=True, help="No model: a hundred times faster, but names stay in free text."),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A policy, rules and keys, read and checked, and the model that is still to be opened."""

    policy: Policy
    rules: tuple[Rule, ...]
    keys: KeyRing
    model: ModelSection

    @contextmanager
    def engine(self, quarantine_keys: KeyRing = NO_KEYS) -> Iterator[Engine]:
        """Open what scrubs. Raises ConfigError."""
        with compiling(self.rules) as compiled, open_detectors(self.model) as detectors:
            compiled()
            engine = single_policy_engine(
                self.policy, detectors, rules=self.rules, quarantine_keys=quarantine_keys, keys=self.keys
            )
            garbage.leave_alone()
            yield engine


def with_choice(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options to a command, which gets them as `choice`."""

    @wraps(command)
    def chosen(
        *,
        policy: str,
        rules: tuple[Path, ...],
        key: tuple[str, ...],
        model: str | None,
        rules_only: bool,
        **others: Any,
    ) -> int:
        if model is not None and rules_only:
            raise click.UsageError("--model and --rules-only exclude each other")
        keys = with_key_options(NO_KEYS, key)
        section = ModelSection(kind="none") if rules_only or model == "none" else section_of(model)
        choice = Choice(read_policy(policy, keys), all_rules(rules, "--rules"), keys, section)
        return command(choice=choice, **others)

    for option in reversed(_OPTIONS):
        chosen = option(chosen)
    return chosen


def section_of(model: str | None) -> ModelSection:
    """Return the section of a model that is named on the command line; None: the embedded one. Raises ConfigError."""
    if model is None or model == EMBEDDED:
        return ModelSection(kind="embedded")
    return ModelSection(kind=kind_of(locate(model)), path=model)
