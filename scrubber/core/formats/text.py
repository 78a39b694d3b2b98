"""Plain text: one field without a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import ANYTHING, Kind, Token


class Text:
    """What everything is that is nothing else."""

    name = "text"
    structured = False
    begins = ANYTHING

    def fits(self, text: bytes) -> bool:  # noqa: ARG002 - the protocol's signature
        """Any text fits."""
        return True

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:  # noqa: ARG002
        """Yield the whole text."""
        yield tuple.__new__(Token, (0, len(text), "", Kind.TEXT))
