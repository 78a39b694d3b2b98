"""Detectors that need not answer twice: equal texts once, and logs by the line they were printed from.

No text is kept: keys are keyed digests, values are places, labels and scores.
"""

from __future__ import annotations

import hashlib
import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from scrubber.core.lru import Lru
from scrubber.core.normalise import Run, normalise, runs_of
from scrubber.core.spans import Span
from scrubber.detect.detector import Around, Description, Detector, Plan
from scrubber.telemetry import CacheAsked

_ENTRY_BYTES = 350  # an entry of the LRU without spans: key, tuples and table slots, measured by its test
_SPAN_BYTES = 220  # one span of an entry


class CachedDetector(Around):
    """Asks `detector` only for texts that it has not answered lately, and for equal texts once.

    The answer is the one that the detector would give: it answers each text on its own (promise 7), so which call it
    was computed in does not matter. A call that fails leaves nothing behind. `max_bytes` bounds the memory.
    """

    def __init__(
        self, detector: Detector, max_bytes: int, observe: Callable[[CacheAsked], None] = lambda _: None
    ) -> None:
        super().__init__(detector)
        self._observe = observe
        self._answers: Lru[tuple[Span, ...]] = Lru(max_bytes)
        self._secret = secrets.token_bytes(32)

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        asked = hashlib.blake2b(repr(plan).encode(), key=self._secret, digest_size=32).digest()
        key_of = {text: self._key(text, asked) for text in dict.fromkeys(texts)}
        keys = [key_of[text] for text in texts]
        known: dict[bytes, tuple[Span, ...]] = {}
        unknown: dict[bytes, str] = {}
        for key, text in zip(keys, texts, strict=True):
            if key not in known and key not in unknown:
                answer = self._answers.get(key)
                if answer is None:
                    unknown[key] = text
                else:
                    known[key] = answer
        if unknown:
            answers = self._detector.detect(list(unknown.values()), plan)
            for key, spans in zip(unknown, answers, strict=True):
                known[key] = tuple(spans)
                self._answers.put(key, known[key], _ENTRY_BYTES + _SPAN_BYTES * len(spans))
        self._observe(CacheAsked(len(texts), len(unknown), len(self._answers), self._answers.bytes))
        return [list(known[key]) for key in keys]

    def close(self) -> None:
        """Close the detector and forget everything."""
        self._answers = Lru(0)
        super().close()

    @staticmethod
    def _key(text: str, asked: bytes) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=asked, digest_size=16).digest()


class TemplateDetector(Around):
    """Shows `detector` texts whose variable digits are replaced by fixed ones: a cache behind it meets them again.

    It does so always, cached or not: the answer to a text does not depend on what was asked before. Digits keep their
    number and their places, letters are never touched, and a finding that ends within a replaced run takes all of it.
    What digits mean is lost to the model, so plans with one of the labels `digits_matter` get their texts as they are.
    """

    def __init__(self, detector: Detector, digits_matter: frozenset[str] = frozenset()) -> None:
        super().__init__(detector)
        self._digits_matter = digits_matter

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        if not self._digits_matter.isdisjoint(plan.labels):
            return self._detector.detect(texts, plan)
        normalised = {text: normalise(text) for text in dict.fromkeys(texts)}
        answers = self._detector.detect([normalised[text] for text in texts], plan)
        grown: list[list[Span]] = []
        for text, spans in zip(texts, answers, strict=True):
            runs = runs_of(text) if spans else []
            grown.append([_grown(span, runs) for span in spans])
        return grown

    def describe(self) -> Description:
        """The detector's description, with a name that says what its texts went through."""
        described = super().describe()
        return Description(described.name, f"{described.revision}+templates".lstrip("+"), described.digest)


def _grown(span: Span, runs: Sequence[Run]) -> Span:
    """Grow a span over the replaced runs that it begins or ends in."""
    first = bisect_right(runs, span.start, key=lambda run: run.end)
    last = bisect_left(runs, span.end, key=lambda run: run.start) - 1
    start = min(span.start, runs[first].start) if first < len(runs) else span.start
    end = max(span.end, runs[last].end) if last >= 0 else span.end
    return span._replace(start=start, end=end)
