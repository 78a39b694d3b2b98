"""replace: the name of the label stands where the value stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scrubber.core.actions.base import ActionName, Numbering, Scope


@dataclass(frozen=True, slots=True)
class Replace:
    """`<EMAIL>`; if `numbered`, `<EMAIL_1>`, where equal values of a record have equal numbers."""

    name: ClassVar[ActionName] = "replace"
    scope: ClassVar[Scope] = "span"
    numbered: bool = False

    def render(self, value: str, label: str, numbering: Numbering) -> str:
        """Return the placeholder."""
        if self.numbered:
            return f"<{label.upper()}_{numbering.number(label, value)}>"
        return f"<{label.upper()}>"
