"""What an action is, and what it may remember within one record."""

from __future__ import annotations

from typing import Literal, Protocol

ActionName = Literal["replace", "mask", "hash", "encrypt", "surrogate", "drop_field", "drop_record", "keep"]
Scope = Literal["span", "field", "record"]


class Numbering(dict[str, dict[str, int]]):
    """Numbers for the values of one record: within a label, equal values get equal numbers, from 1 on.

    Lives as long as its record and never prints what it holds.
    """

    __slots__ = ()

    def number(self, label: str, value: str) -> int:
        """Return the number of `value` among the values of `label`."""
        numbers = self.setdefault(label, {})
        return numbers.setdefault(value, len(numbers) + 1)

    def __repr__(self) -> str:
        """Counts only."""
        return f"Numbering({ {label: len(numbers) for label, numbers in self.items()} })"


class Action(Protocol):
    """What becomes of a finding.

    `scope` says how much text the rendered replacement stands for: the `span`, the whole `field` in which it was found,
    or nothing at all because the `record` is dropped (to quarantine, with `Reason.POLICY_DROP`).
    """

    @property
    def name(self) -> ActionName:
        """Its name in policies and audit events."""
        ...

    @property
    def scope(self) -> Scope:
        """What the replacement replaces."""
        ...

    def render(self, value: str, label: str, numbering: Numbering) -> str:
        """Return the text that stands for `value`. It never holds `value`, unless the action is `keep`."""
        ...
