"""What a format is."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple, Protocol

DIGITS, SPACE = string.digits.encode(), string.whitespace.encode()
UPPER, LOWER = string.ascii_uppercase.encode(), string.ascii_lowercase.encode()
ANYTHING = frozenset(range(256))


class Kind(Enum):
    """What may stand in a token, and how."""

    TEXT = auto()
    """Free text, as it is."""
    META = auto()
    """Text too, but such as no person writes: a time stamp, a host, a frame of a stack. No model reads it."""
    STRING = auto()
    """The inside of a JSON string: escapes count, quotes stay outside."""
    KEY = auto()
    """The inside of a JSON object key."""
    BARE = auto()
    """A JSON number or literal: whatever replaces it needs quotes."""


class Token(NamedTuple):
    """One field of a record, `[start, end)` in bytes of its text. `path` names it: `user.email`, `items[0].card`."""

    start: int
    end: int
    path: str
    kind: Kind


class Format(Protocol):
    """Knows where the fields of a text lie.

    A `structured` format is broken by replacing anything outside its tokens: there a finding is moved off the structure
    into the tokens that it touches. Elsewhere tokens only name places, and leave no byte of the text out.
    """

    @property
    def name(self) -> str:
        """As in configuration and audit events."""
        ...

    @property
    def structured(self) -> bool:
        """Whether the text must stay well-formed."""
        ...

    @property
    def begins(self) -> frozenset[int]:
        """The bytes with which a text of this format may begin."""
        ...

    def fits(self, text: bytes) -> bool:
        """Whether `text` is of this format. Cheap where it is not."""
        ...

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield the tokens of `text` in order; with `wanted` (spans in bytes, rising) those that touch one of them.

        Others may be among them where leaving them out would cost more. Raises RecordError where it cannot be done.
        """
        ...
