"""The engines: which rules may hit in which buffer? In time linear in the length of a whole batch.

None decides anything: they run the weakened patterns, and `tier.py` confirms each candidate with the exact one. All
must prove that they have read what they were given: a canary that always hits closes every scanned text, and an engine
that misses it has failed (RE2's set reports running out of memory as "no match"). Here is what they have in common and
the one that RE2's set makes; `vectorscan.py` is the fast one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, Self

import re2

from scrubber.detect.rules.syntax import PatternError
from scrubber.errors import DetectorFailed

if TYPE_CHECKING:  # it needs numpy, and compiling does not
    from scrubber.detect.rules.batch import Batch

SEPARATOR = b"\n"
CANARY = b"\x00scrubber canary\x00"
RE2_MAX_MEMORY_BYTES = 64 << 20
"""RE2's default of 8 MB makes its set rebuild states all the time: a quarter of the speed (64 MB and 256 MB do not
differ).
"""

Candidate = tuple[int, int, int, int]
"""(buffer, rule, first, last): the rule may hit in the buffer; the engine saw it end between `first` and `last`
there.
"""


class Engine(Protocol):
    """Answers with every (buffer, rule) where the rule hits, and perhaps some more. One thread at a time."""

    name: str

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Scan the buffers; raise `DetectorFailed` when the canary is missed."""
        ...

    def clone(self) -> Self:
        """The same engine for another thread."""
        ...


def canary_pattern() -> bytes:
    """Return a pattern that matches the canary."""
    return b"".join(b"\\x%02x" % byte for byte in CANARY)


def re2_options() -> re2.Options:
    """Return the options of an RE2 program that is made of many rules."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = RE2_MAX_MEMORY_BYTES
    return options


class Re2Set:
    """RE2's set, one call for each buffer. It says which rules hit, not where."""

    name = "re2"

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self._canary = len(patterns)
        self._set = re2.Set.SearchSet(re2_options())
        try:
            for pattern in patterns:
                self._set.Add(b"(?m:" + pattern + b")")
            self._set.Add(canary_pattern())
            self._set.Compile()
        except re2.error:
            raise PatternError("RE2: the rules do not fit into its memory limit") from None

    def candidates(self, batch: Batch) -> list[Candidate]:
        """One scan for each buffer."""
        found: list[Candidate] = []
        for index, buffer in enumerate(batch.buffers):
            rules = self._set.Match(buffer + SEPARATOR + CANARY) or ()
            if self._canary not in rules:
                raise DetectorFailed("RE2's set could not read a buffer: out of memory.")
            found.extend((index, rule, 0, len(buffer) + 1) for rule in rules if rule != self._canary)
        return found

    def clone(self) -> Self:
        """Itself: a compiled set may be used by several threads."""
        return self
