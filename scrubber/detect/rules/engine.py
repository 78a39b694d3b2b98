"""The engines: which rules may hit in which buffer? One linear pass over a whole batch.

Neither decides anything: they run the weakened patterns, and `tier.py` confirms each candidate with the exact one.
Both must prove that they have read what they were given: a canary that always hits closes every scanned buffer, and
an engine that misses it has failed (RE2's set reports running out of memory as "no match").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import hyperscan
import numpy as np
import re2

from scrubber.detect.rules.syntax import Alt, PatternError, Seq, parse, render
from scrubber.errors import DetectorFailed

SEPARATOR = b"\n"
CANARY = b"\x00scrubber canary\x00"
RE2_MAX_MEMORY_BYTES = 64 << 20
"""RE2's default of 8 MB makes its set rebuild states all the time: a quarter of the speed (64 MB and 256 MB do not
differ).
"""

LARGE_EXPRESSION = 3_000
"""Bytes of a pattern beyond which Vectorscan may not look for its words but run one automaton over every byte: the
pack's largest list of keys took 2.7 of 10 ns a byte, and 0.2 as two expressions.
"""


Candidate = tuple[int, int, int, int]
"""(buffer, rule, first, last): the rule may hit in the buffer; the engine saw it end between `first` and `last`
there.
"""


class Engine(Protocol):
    """Answers with every (buffer, rule) where the rule hits, and perhaps some more. One thread at a time."""

    name: str

    def candidates(self, buffers: Sequence[bytes]) -> list[Candidate]:
        """Scan the buffers; raise `DetectorFailed` when the canary is missed."""
        ...

    def clone(self) -> Self:
        """The same engine for another thread."""
        ...


class Vectorscan:
    """Vectorscan over the joined batch. It reports each end of each match; ends map back to buffers by bisection.

    Joining is safe because every pattern is compiled for several lines: a separator is to it what the edge of a
    buffer is to the exact pattern, and a match that spans two buffers is only a candidate too many.
    """

    name = "vectorscan"

    def __init__(self, patterns: Sequence[bytes]) -> None:
        canary = b"".join(b"\\x%02x" % byte for byte in CANARY)
        expressions = [(part, rule) for rule, pattern in enumerate([*patterns, canary]) for part in _parts(pattern)]
        self._canary = len(patterns)
        self._database = hyperscan.Database()
        try:
            self._database.compile(
                expressions=[part for part, _ in expressions],
                ids=[rule for _, rule in expressions],
                flags=hyperscan.HS_FLAG_MULTILINE,
            )
        except hyperscan.error as error:
            raise PatternError(f"Vectorscan: {error}") from None
        self._scratch = self._database.scratch

    def candidates(self, buffers: Sequence[bytes]) -> list[Candidate]:
        """One scan for all buffers."""
        text = SEPARATOR.join([*buffers, CANARY])
        ends: list[tuple[int, int]] = []
        append = ends.append
        # The callback runs once for each match, with the interpreter lock: it does nothing but note it.
        self._database.scan(
            text,
            match_event_handler=lambda rule, _from, end, _flags, _context: append((end, rule)),
            scratch=self._scratch,
        )
        if (len(text), self._canary) not in reversed(ends):
            raise DetectorFailed("Vectorscan did not read the batch to its end.")
        return self._by_buffer(ends, buffers)

    def _by_buffer(self, ends: list[tuple[int, int]], buffers: Sequence[bytes]) -> list[Candidate]:
        starts = np.zeros(len(buffers) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, buffers), np.int64, len(buffers)) + len(SEPARATOR), out=starts[1:])
        places = np.fromiter((end for end, _ in ends), np.int64, len(ends))
        # The byte before the end is in the buffer, or it is the separator right behind it.
        indices = np.searchsorted(starts, places - 1, "right") - 1
        locals_ = (places - starts[indices]).tolist()
        seen: dict[tuple[int, int], tuple[int, int]] = {}
        for index, local, (_, rule) in zip(indices.tolist(), locals_, ends, strict=True):
            if index == len(buffers):  # the canary, or a rule that took it for text
                continue
            key = index, rule
            if key in seen:
                first, last = seen[key]
                seen[key] = (min(first, local), max(last, local))
            else:
                seen[key] = (local, local)
        # A record may hold the canary's text; that is no rule's.
        canary = self._canary
        return [(index, rule, first, last) for (index, rule), (first, last) in seen.items() if rule != canary]

    def clone(self) -> Self:
        """The same database with a scratch of its own: two scans must not share one."""
        twin = object.__new__(type(self))
        twin._canary, twin._database = self._canary, self._database
        twin._scratch = self._scratch.clone()
        return twin


def _parts(pattern: bytes) -> list[bytes]:
    """Return expressions that together match what `pattern` does: a large one is taken apart where it begins."""
    if len(pattern) <= LARGE_EXPRESSION:
        return [pattern]
    tree = parse(pattern.decode("ascii"))
    first, rest = (tree.items[0], tree.items[1:]) if isinstance(tree, Seq) else (tree, ())
    if not isinstance(first, Alt):
        return [pattern]
    return [render(Seq((branch, *rest)), capture=False).encode("ascii") for branch in first.branches]


class Re2Set:
    """RE2's set, one call for each buffer. It says which rules hit, not where."""

    name = "re2"

    def __init__(self, patterns: Sequence[bytes]) -> None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.max_mem = RE2_MAX_MEMORY_BYTES
        self._canary = len(patterns)
        self._set = re2.Set.SearchSet(options)
        try:
            for pattern in patterns:
                self._set.Add(b"(?m:" + pattern + b")")
            self._set.Add(b"".join(b"\\x%02x" % byte for byte in CANARY))
            self._set.Compile()
        except re2.error:
            raise PatternError("RE2: the rules do not fit into its memory limit") from None

    def candidates(self, buffers: Sequence[bytes]) -> list[Candidate]:
        """One scan for each buffer."""
        found: list[Candidate] = []
        for index, buffer in enumerate(buffers):
            rules = self._set.Match(buffer + SEPARATOR + CANARY) or ()
            if self._canary not in rules:
                raise DetectorFailed("RE2's set could not read a buffer: out of memory.")
            found.extend((index, rule, 0, len(buffer) + 1) for rule in rules if rule != self._canary)
        return found

    def clone(self) -> Self:
        """Itself: a compiled set may be used by several threads."""
        return self
