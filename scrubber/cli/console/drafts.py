"""Drafts: a policy as the playground's controls have it, and the YAML that says the same.

A draft starts from a base and holds only what differs from it. That of a preset becomes a policy file (`extends`); that
of a file becomes the lines to put into it, because what else a file says, its deny-list above all, is not for a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
import yaml

from scrubber.core.keys import KeyRing
from scrubber.core.policy import Policy
from scrubber.errors import ConfigError, Problem
from scrubber.policies import PRESETS, load_policy, read_preset

ACTIONS: Final[Mapping[str, str | Mapping[str, Any]]] = {
    "replace": "replace",
    "replace, numbered": {"type": "replace", "numbered": True},
    "mask": "mask",
    "mask, last 4 stay": {"type": "mask", "keep_last": 4},
    "hash": "hash",
    "encrypt": "encrypt",
    "surrogate": "surrogate",
    "drop_field": "drop_field",
    "drop_record": "drop_record",
    "keep": "keep",
}
"""What the page calls an action -> what a policy file says."""

KEYED: Final = frozenset({"hash", "encrypt", "surrogate"})

Threshold = Annotated[float, msgspec.Meta(ge=0, le=1)]
ActionChoice = Annotated[str, msgspec.Meta(max_length=40)]


class LabelDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different for one label; None: as the base has it."""

    enabled: bool | None = None
    threshold: Threshold | None = None
    action: ActionChoice | None = None


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A base, by its name, and what is different."""

    base: str = PRESETS[0]
    threshold: Threshold | None = None
    action: ActionChoice | None = None
    labels: dict[str, LabelDraft] = {}


class Base(msgspec.Struct, frozen=True):
    """A policy to start from: a preset, or what a file of the user's own holds."""

    name: str
    document: Mapping[str, Any]
    own: bool

    def description(self) -> str:
        """What the policy says of itself."""
        return str(self.document.get("description", ""))

    def defaults(self) -> dict[str, Any]:
        """What holds for a label that says nothing else, presets looked through."""
        parent = self.document.get("extends")
        inherited = Base(parent, read_preset(parent), own=False).defaults() if parent in PRESETS else {}
        return {"threshold": 0.5, "action": "replace", **inherited, **self.document.get("defaults", {})}


def preset_bases() -> list[Base]:
    """Return the policies that come with scrubber."""
    return [Base(name, read_preset(name), own=False) for name in PRESETS]


def compiled(base: Base, draft: Draft, keys: KeyRing) -> Policy:
    """Return the policy that the draft describes: the base itself where nothing is different. Raises ConfigError."""
    changes = _changes(draft)
    if not changes:
        return load_policy(base.document, keys)
    if not base.own:
        return load_policy(_extending(base.name, changes), keys)
    labels = {**base.document.get("labels", {})}
    for name, change in changes.get("labels", {}).items():
        labels[name] = {**(labels.get(name) or {}), **change}
    defaults = {**base.document.get("defaults", {}), **changes.get("defaults", {})}
    return load_policy({**base.document, "defaults": defaults, "labels": labels}, keys)


def as_yaml(base: Base, draft: Draft) -> str:
    """Return a policy file, or, for a file of the user's own, the lines that go into it."""
    changes = _changes(draft)
    if not base.own:
        head = "# A policy from the console. Name it under `policies` in the configuration, and by that in a route.\n"
        return head + _dump(_extending(base.name, changes))
    head = f"# Put these lines into the file of the policy {base.name}.\n"
    return head + (_dump(changes) if changes else "# Nothing is different.\n")


def _extending(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": 1, "name": f"{name}-tuned", "extends": name, **changes}


def _changes(draft: Draft) -> dict[str, Any]:
    """Return what a policy file says of the differences. Raises ConfigError for an action that is none."""
    defaults = _without_none(threshold=draft.threshold, action=_action("defaults.action", draft.action))
    labels = {
        name: _without_none(
            enabled=label.enabled,
            threshold=label.threshold,
            action=_action(f"labels.{name}.action", label.action),
        )
        for name, label in sorted(draft.labels.items())
    }
    changed = {name: change for name, change in labels.items() if change}
    return {key: part for key, part in (("defaults", defaults), ("labels", changed)) if part}


def _action(path: str, name: str | None) -> str | Mapping[str, Any] | None:
    if name is None or name in ACTIONS:
        return ACTIONS[name] if name is not None else None
    raise ConfigError([Problem(path, "unknown action", f"one of {', '.join(ACTIONS)}")])


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _dump(document: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(document), sort_keys=False, default_flow_style=False))
