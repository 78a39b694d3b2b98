"""Rules ready to use: compiled and tested once in a process, however many engines are built from them."""

from __future__ import annotations

from functools import lru_cache

from scrubber.detect.rules.rule import Rule
from scrubber.detect.rules.tier import RuleTier


def ready_tier(rules: tuple[Rule, ...]) -> RuleTier:
    """Return a tier of `rules` for the thread that asks. Raises ConfigError."""
    return _compiled(rules).clone()


@lru_cache(maxsize=4)  # what is in use, and what a reload puts in its place
def _compiled(rules: tuple[Rule, ...]) -> RuleTier:
    return RuleTier(rules)
