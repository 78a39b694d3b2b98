"""What can be done to a finding: one file for each action."""

from __future__ import annotations

from scrubber.core.actions.base import Action, ActionName, Numbering, Scope
from scrubber.core.actions.drop import DropField, DropRecord, Keep
from scrubber.core.actions.replace import Replace
from scrubber.core.keys import KeyRing
from scrubber.core.policy_schema import AnyActionSpec, DropFieldSpec, DropRecordSpec, KeepSpec, ReplaceSpec


def build_action(spec: AnyActionSpec, keys: KeyRing) -> Action:  # noqa: ARG001 - until the keyed actions are in
    """Return the action that a policy file describes; one that needs a key takes the active one of `keys`."""
    match spec:
        case ReplaceSpec():
            return Replace(numbered=spec.numbered)
        case DropFieldSpec():
            return DropField()
        case DropRecordSpec():
            return DropRecord()
        case KeepSpec():
            return Keep()


__all__ = ["Action", "ActionName", "DropField", "DropRecord", "Keep", "Numbering", "Replace", "Scope", "build_action"]
