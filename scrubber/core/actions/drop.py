"""drop_field, drop_record and keep: the actions that do not render the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scrubber.core.actions.base import ActionName, Numbering, Scope

DROPPED = "<DROPPED>"


@dataclass(frozen=True, slots=True)
class DropField:
    """The whole field in which something was found is replaced by `<DROPPED>`.

    The field itself stays, so that what parses the record afterwards still finds it.
    """

    name: ClassVar[ActionName] = "drop_field"
    scope: ClassVar[Scope] = "field"

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the marker."""
        return DROPPED


@dataclass(frozen=True, slots=True)
class DropRecord:
    """The record does not go on: quarantine gets its coordinates. Nothing of it is rendered."""

    name: ClassVar[ActionName] = "drop_record"
    scope: ClassVar[Scope] = "record"

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the marker, for whoever shows what would be dropped."""
        return DROPPED


@dataclass(frozen=True, slots=True)
class Keep:
    """The value stays; the finding is still in the audit event."""

    name: ClassVar[ActionName] = "keep"
    scope: ClassVar[Scope] = "span"

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return `value`."""
        return value
