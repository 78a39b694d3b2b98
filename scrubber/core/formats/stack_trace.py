"""Stack traces over several lines, as the JVM, .NET, Node, Python and Go write them.

Frames are code; messages are prose, and a model reads them: `ValueError: no account for Ada Lovelace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrubber.core.formats.base import ANYTHING, Token
from scrubber.core.formats.fields import field, whole_line

_FRAME = re.compile(
    rb"^(?:[ \t]++at .*+|[ \t]++File \".*+(?:\n[ \t]{2,}+.*+)?+|[ \t]*+\.\.\. \d++ (?:more|common frames).*+"
    rb"|Traceback \(most recent call last\):.*+|goroutine \d++ \[.*+|[\w./*()\-]++\(.*\)\n\t\S++:\d++.*+)$\n?+",
    re.MULTILINE,
)


class StackTrace:
    """More than one line, and frames among them."""

    name = "stack_trace"
    structured = False
    begins = ANYTHING

    def fits(self, text: bytes) -> bool:
        """Whether a frame follows in `text`."""
        return b"\n" in text and _FRAME.search(text) is not None

    def tokens(self, text: bytes, wanted: Sequence[tuple[int, int]] | None = None) -> Iterator[Token]:
        """Yield what stands between frames as `message`, frames without a name."""
        return whole_line(text, _messages(text), wanted)


def _messages(text: bytes) -> Iterator[Token]:
    done = 0
    for frame in _FRAME.finditer(text):
        if frame.start() > done:
            yield field(done, frame.start(), "message", prose=True)
        done = frame.end()
    if done < len(text):
        yield field(done, len(text), "message", prose=True)
