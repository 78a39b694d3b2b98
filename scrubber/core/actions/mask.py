"""mask: stars stand where the characters stood."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import ClassVar

from scrubber.core.actions.base import ActionName, Numbering, Scope

_STAR = "*"
_FORMAT = frozenset(string.punctuation + " ")

# What a mask leaves readable must not be the value: at least this many characters, and this part of them, are stars.
_MIN_STARS = 4
_MIN_PART = 1 / 4


@dataclass(frozen=True, slots=True)
class Mask:
    """`****-****-****-1111`: the first and last few letters and digits stay, if asked, and the rest becomes stars.

    With `keep_format` ASCII punctuation, blanks and the length stay; without it four stars stand for everything that is
    not kept. Where too much would stay readable (a short value, or one made of punctuation) nothing does.
    """

    name: ClassVar[ActionName] = "mask"
    scope: ClassVar[Scope] = "span"
    keep_first: int = 0
    keep_last: int = 0
    keep_format: bool = True

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the masked value."""
        shown = self._shown(value)
        stars = len(value) - len(shown)
        if stars < max(_MIN_STARS, len(value) * _MIN_PART):
            return _STAR * (len(value) if self.keep_format else _MIN_STARS)
        if self.keep_format:
            return "".join(char if index in shown else _STAR for index, char in enumerate(value))
        return value[: self.keep_first] + _STAR * _MIN_STARS + value[len(value) - self.keep_last :]

    def _shown(self, value: str) -> set[int]:
        """Positions of the characters that stay."""
        if not self.keep_format:
            return {*range(min(self.keep_first, len(value))), *range(max(len(value) - self.keep_last, 0), len(value))}
        counted = [index for index, char in enumerate(value) if char not in _FORMAT]
        kept = {*counted[: self.keep_first], *counted[max(len(counted) - self.keep_last, 0) :]}
        return kept | {index for index, char in enumerate(value) if char in _FORMAT}
