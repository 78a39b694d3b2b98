"""What can be done to a finding: one file for each action."""

from __future__ import annotations

from scrubber.core.actions.base import Action, ActionName, Numbering, Scope
from scrubber.core.actions.drop import DropField, DropRecord, Keep
from scrubber.core.actions.encrypt import Encrypt, Revealer
from scrubber.core.actions.hash import Hash, verify
from scrubber.core.actions.mask import Mask
from scrubber.core.actions.replace import Replace
from scrubber.core.actions.surrogate import Surrogate
from scrubber.core.keys import KeyRing
from scrubber.core.policy_schema import (
    AnyActionSpec,
    DropFieldSpec,
    DropRecordSpec,
    EncryptSpec,
    HashSpec,
    KeepSpec,
    MaskSpec,
    ReplaceSpec,
    SurrogateSpec,
)


def build_action(spec: AnyActionSpec, keys: KeyRing) -> Action:
    """Return the action that a policy file describes; one that needs a key takes the active one of `keys`."""
    match spec:
        case ReplaceSpec():
            return Replace(numbered=spec.numbered)
        case MaskSpec():
            return Mask(spec.keep_first, spec.keep_last, spec.keep_format)
        case HashSpec():
            return Hash(keys)
        case EncryptSpec():
            return Encrypt(keys)
        case SurrogateSpec():
            return Surrogate(keys)
        case DropFieldSpec():
            return DropField()
        case DropRecordSpec():
            return DropRecord()
        case KeepSpec():
            return Keep()


__all__ = [
    "Action",
    "ActionName",
    "DropField",
    "DropRecord",
    "Encrypt",
    "Hash",
    "Keep",
    "Mask",
    "Numbering",
    "Replace",
    "Revealer",
    "Scope",
    "Surrogate",
    "build_action",
    "verify",
]
