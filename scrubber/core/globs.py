"""Patterns for field paths.

A path names a field of a record: `user.email`, `items[0].card`. In a pattern `*` stands for any characters within one
step of the path, `**` for any characters at all and `**.` for any steps or none (`**.email` is every `email`, however
deep); letter case does not matter. Matching is linear in the path (RE2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import re2

from scrubber.core.unicode import well_formed

_CACHED_PATHS = 4096
_WILDCARDS = {"**.": r"(?:.*\.)?", "**": ".*", "*": r"[^.\[\]]*"}


class Globs:
    """Finds the first of some patterns that a path matches. The latest paths are remembered, a bounded number."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = tuple(patterns)
        compiled = [_compile(pattern) for pattern in patterns]

        def first(path: str) -> int | None:
            whole = well_formed(path)
            return next((index for index, regex in enumerate(compiled) if regex.fullmatch(whole)), None)

        self._first = lru_cache(maxsize=_CACHED_PATHS)(first)

    def first(self, path: str) -> int | None:
        """Return the index of the first pattern that matches the whole of `path`, or None."""
        return self._first(path) if self.patterns else None


def _compile(pattern: str) -> re2._Regexp:
    parts = re.split(r"(\*\*\.?|\*)", pattern)
    source = "".join(_WILDCARDS.get(part) or re2.escape(part) for part in parts)
    return re2.compile(f"(?is){source}")
