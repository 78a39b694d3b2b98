"""What was chosen by the options that `pipe`, `detect`, `explain` and `eval` share (`options.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrubber.cli import garbage, heaps
from scrubber.cli.interrupts import started
from scrubber.cli.wiring import Engine, open_detectors, single_policy_engine
from scrubber.config import ModelSection
from scrubber.config.keys import with_key_options
from scrubber.config.policies import read_policy
from scrubber.config.rules import all_rules
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.policy import Policy
from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.models import kind_of
from scrubber.detect.rules.ready import begin
from scrubber.detect.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Choice:
    """A policy, rules and keys, read and checked, and the model that is still to be opened."""

    policy: Policy
    rules: tuple[Rule, ...]
    keys: KeyRing
    model: ModelSection

    @contextmanager
    def engine(
        self, quarantine_keys: KeyRing = NO_KEYS, stumbled: Callable[[Exception], None] | None = None
    ) -> Iterator[Engine]:
        """Open what scrubs; `stumbled` as of `detect.pipeline.Scrubber`. Raises ConfigError."""
        begin(self.rules)
        with open_detectors(self.model) as detectors:
            engine = single_policy_engine(
                self.policy,
                detectors,
                rules=self.rules,
                quarantine_keys=quarantine_keys,
                keys=self.keys,
                stumbled=stumbled,
            )
            garbage.leave_alone()
            heaps.give_back()
            started()
            yield engine


def choose(policy: str, rules: Sequence[Path], keys: Sequence[str], model: str | None) -> Choice:
    """Read and check what was asked for on the command line; `model` as of `section_of`. Raises ConfigError."""
    ring = with_key_options(NO_KEYS, keys)
    return Choice(read_policy(policy, ring), all_rules(rules, "--rules"), ring, section_of(model))


def section_of(model: str | None) -> ModelSection:
    """Return the section of a model that is named on the command line; None: the embedded one. Raises ConfigError."""
    if model == "none":
        return ModelSection(kind="none")
    if model is None or model == EMBEDDED:
        return ModelSection(kind="embedded")
    return ModelSection(kind=kind_of(locate(model)), path=model)
