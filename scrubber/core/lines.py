"""Bytes in blocks -> lines, in bounded memory whatever the input."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One input line without its line feed; `ended` is False for a last line that had none.

    A line longer than the limit has no content, only its size: it cannot be held, so it cannot be scrubbed.
    """

    content: bytes
    ended: bool
    oversize_bytes: int = 0


class LineSplitter:
    """Splits a stream at line feeds; everything else in a line, carriage returns too, belongs to it.

    Args:
        max_line_bytes: longest line that is held; what is longer is counted and dropped as it comes.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._open: list[bytes] = []
        self._size = 0

    def push(self, block: bytes) -> list[Line]:
        """Return the lines that `block` completes."""
        *ended, rest = block.split(b"\n")
        lines = []
        for part in ended:
            self._hold(part)
            lines.append(self._close(ended=True))
        self._hold(rest)
        return lines

    def end(self) -> list[Line]:
        """Return the last line if it had no line feed."""
        return [self._close(ended=False)] if self._size else []

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._max_line_bytes:
            self._open.clear()
        elif part:
            self._open.append(part)

    def _close(self, *, ended: bool) -> Line:
        size, content = self._size, b"".join(self._open)
        self._open, self._size = [], 0
        return Line(content, ended, size if size > self._max_line_bytes else 0)
