"""The policy: which findings count, and what becomes of them.

`policy_schema.py` has the shape of a policy file, `policy_compile.py` makes a `Policy` of one. Three rules bind it:
1. A deny-list entry or a field that is masked whole beats every allow-list, threshold and disabled label.
2. A label that the policy has never heard of counts, at the default threshold: an unmapped label must not leak.
3. `never_scan` is the only way to keep detectors away from text, and what it excludes is counted (`FieldRule`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import re2

from scrubber.core.actions import Action, Numbering, Replace
from scrubber.core.globs import Globs
from scrubber.core.levels import Level
from scrubber.core.spans import Finding, Span
from scrubber.core.unicode import well_formed

DENY_LIST = "deny-list"
"""Detector name of spans from the deny-list."""

FIELD_RULE = "field-rule"
"""Detector name of spans that cover a field which is masked whole."""

_FROM_POLICY = frozenset({DENY_LIST, FIELD_RULE})

_SAFE = re.compile(rb"[<>\w]+")  # in a string of JSON, too

NEVER = 2.0
"""A threshold that no score reaches: the label is off."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for, from the policy: labels in prompt order, and the score each must reach (0 to 1)."""

    labels: tuple[str, ...]
    thresholds: tuple[float, ...]


class FieldRule(NamedTuple):
    """What the policy says of a whole field, whatever is in it.

    `mask`: the field becomes one finding with `label`. `never_scan`: no detector sees it, and its characters are
    counted as excluded by policy, in the audit event and in a metric: they are accounted for, if not scanned.
    """

    treatment: Literal["mask", "never_scan"]
    label: str
    rule: str

    def span(self, text: str) -> Span:
        """Return the finding that covers the whole `text` of a field to mask."""
        assert self.treatment == "mask", "A field that is not scanned has no span. This is a bug."
        return Span(0, len(text), self.label, 1.0, FIELD_RULE, self.rule)


class Denied(NamedTuple):
    """One entry of the deny-list, or several with the same label."""

    label: str
    rule: str
    regex: re2._Regexp


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Allowed:
    """The allow-list: values as they are, patterns of whole values, and labels by field (None: all of them)."""

    values: frozenset[str]
    patterns: tuple[re2._Regexp, ...]
    fields: Globs
    labels_by_field: tuple[frozenset[str] | None, ...]

    def allows(self, label: str, value: str, path: str) -> bool:
        """Whether a finding of `value` in the field `path` is none."""
        if value in self.values:
            return True
        index = self.fields.first(path)
        if index is not None:
            labels = self.labels_by_field[index]
            if labels is None or label in labels:
                return True
        return bool(self.patterns) and any(regex.fullmatch(well_formed(value)) for regex in self.patterns)


@dataclass(frozen=True, slots=True, eq=False)
class Labelling:
    """Thresholds and actions as they hold for the records of one scope; a label that is off has the threshold NEVER."""

    thresholds: dict[str, float]
    actions: dict[str, Action]
    default_threshold: float
    default_action: Action
    action_globs: Globs
    actions_by_glob: tuple[Action, ...]


class Placeholders(dict[str, tuple[float, bytes | None]]):
    """Threshold and placeholder of each label, where a policy looks at nothing but labels. A label without placeholder
    needs more than that.
    """

    def __init__(self, labelling: Labelling) -> None:
        super().__init__()
        self._labelling = labelling
        for label in (*labelling.thresholds, *labelling.actions):
            self[label] = self[label]

    def __missing__(self, label: str) -> tuple[float, bytes | None]:
        """Return what holds for a label that the policy has never heard of."""
        labelling = self._labelling
        action = labelling.actions.get(label, labelling.default_action)
        placeholder = None
        if isinstance(action, Replace) and not action.numbered:
            written = action.render("", label, Numbering()).encode()
            placeholder = written if _SAFE.fullmatch(written) else None
        return labelling.thresholds.get(label, labelling.default_threshold), placeholder


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Policy:
    """A policy, compiled. Immutable; threads may share it.

    `digest` is the SHA-256 (hex) of everything that the policy says once presets and defaults are filled in.
    """

    name: str
    version: int
    digest: str
    _plan: Plan
    _labelling: Labelling
    _allowed: Allowed
    _denied: tuple[Denied, ...]
    _field_globs: Globs
    _field_rules: tuple[FieldRule, ...]
    _scopes: Callable[[Policy, str, Level | None], Policy] | None = None
    reads_levels: bool = False
    """Whether `scoped` needs the level of a record (`levels.py`): if not, no record needs to be searched for one."""
    has_deny_list: bool = field(init=False)
    """Whether `find_denied` may find anything: if not, no text needs to be decoded for it."""
    has_field_rules: bool = field(init=False)
    """Whether `field_rule` may say anything: if not, no record needs to be taken apart for it."""
    has_allow_list: bool = field(init=False)
    """Whether `accepts` looks at the value and its path."""
    placeholders: Placeholders | None = field(init=False)
    """What `accepts` and `action` come to, where neither values nor paths matter to them."""

    def __post_init__(self) -> None:
        allowed = self._allowed
        told: dict[str, object] = {  # asked for every finding: a property would cost a call each
            "has_deny_list": bool(self._denied),
            "has_field_rules": bool(self._field_rules),
            "has_allow_list": bool(allowed.values or allowed.patterns or allowed.fields.patterns),
        }
        looks_closer = any(told.values()) or bool(self._labelling.action_globs.patterns)
        told["placeholders"] = None if looks_closer else Placeholders(self._labelling)
        for name, value in told.items():
            object.__setattr__(self, name, value)

    def scoped(self, topic: str, level: Level | None = None) -> Policy:
        """Return the policy as it holds for records of `topic` and log level (None where there is none)."""
        return self._scopes(self, topic, level) if self._scopes is not None else self

    def at_threshold(self, threshold: float) -> Policy:
        """Return the policy with `threshold` for every label that is on, whatever the topic or level.

        For weighing thresholds against each other; it still has the digest of the policy that it comes from.
        """
        old = self._labelling.thresholds
        labelling = replace(
            self._labelling,
            thresholds={label: NEVER if score == NEVER else threshold for label, score in old.items()},
            default_threshold=threshold,
        )
        plan = Plan(self._plan.labels, (threshold,) * len(self._plan.labels))
        return replace(self, _plan=plan, _labelling=labelling, _scopes=None, reads_levels=False)

    def plan(self) -> Plan:
        """Return what detectors look for: every label that is on in any scope, at its lowest threshold.

        It is one plan for all records, so that they can share a batch; `accepts` judges each span in its own scope.
        """
        return self._plan

    def accepts(self, span: Span | Finding, value: str, path: str) -> bool:
        """Whether `span`, which covers `value` in the field `path`, counts as a finding."""
        if span.detector in _FROM_POLICY:
            return True
        labelling = self._labelling
        if span.score < labelling.thresholds.get(span.label, labelling.default_threshold):
            return False
        return not (self.has_allow_list and self._allowed.allows(span.label, value, path))

    def find_denied(self, text: str) -> list[Span]:
        """Return the spans of the deny-list in `text`, in time linear in its length."""
        if not self._denied:
            return []
        readable = well_formed(text)
        return [
            Span(match.start(), match.end(), denied.label, 1.0, DENY_LIST, denied.rule)
            for denied in self._denied
            for match in denied.regex.finditer(readable)
            if match.end() > match.start()
        ]

    def field_rule(self, path: str) -> FieldRule | None:
        """Return what the policy says of the whole field `path`; None where detectors and labels decide."""
        index = self._field_globs.first(path)
        return self._field_rules[index] if index is not None else None

    def action(self, label: str, path: str) -> Action:
        """Return what becomes of a finding of `label` in the field `path`."""
        labelling = self._labelling
        index = labelling.action_globs.first(path)
        if index is not None:
            return labelling.actions_by_glob[index]
        return labelling.actions.get(label, labelling.default_action)

    def __repr__(self) -> str:
        """Name and digest: allow- and deny-lists may hold what must not be seen."""
        return f"Policy({self.name!r}, {self.digest[:16]})"
