"""What a rule is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from scrubber.core.spans import Rank, Told
from scrubber.detect.rules.pattern import Pattern

RULES = "rules"
"""Detector name of what a rule found."""

Evidence = Literal["shape", "key"]


@dataclass(frozen=True, slots=True)
class Near:
    """Words around a value: it counts only with one of `include` (if any) and none of `exclude` within `within`
    bytes.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    within: int = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """One exact pattern, what proves it, and what its value is called.

    `score` is the confidence of a hit (0 to 1). `evidence` says what proves a hit: its own shape, or a key name
    before it (then the caller may take the whole token that the key names). `check` names a validator of
    `core/checks`. `frequent`: it hits in every tenth record or so, which changes how it is looked for, not what is
    found. The `examples` (value between « and ») and `counter_examples` are the rule's own test, run whenever it is
    loaded. `told` is what a hit is told as, behind its place; None where only its key proves it.
    """

    id: str
    label: str
    pattern: Pattern = field(repr=False)
    score: float
    evidence: Evidence = "shape"
    check: str | None = None
    near: Near | None = None
    frequent: bool = False
    examples: tuple[str, ...] = field(default=(), repr=False)
    counter_examples: tuple[str, ...] = field(default=(), repr=False)
    told: Told | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", None if self.evidence == "key" else self.tell())

    def tell(self) -> Told:
        """What a `Finding` by this rule says behind its place."""
        return self.label, self.score, RULES, self.id, Rank.CHECKED_RULE if self.check else Rank.RULE


def digest(rules: Iterable[Rule]) -> str:
    """SHA-256 of what the rules do, whatever file they came from and however it was formatted."""
    canonical = [
        [
            rule.id,
            rule.label,
            rule.score,
            rule.evidence,
            rule.pattern.exact.decode("ascii"),
            rule.check,
            [rule.near.include, rule.near.exclude, rule.near.within] if rule.near else None,
        ]
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    return hashlib.sha256(json.dumps(canonical, separators=(",", ":")).encode()).hexdigest()
