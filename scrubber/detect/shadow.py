"""Shadow mode: what would another policy do with the same records? It is run, compared and forgotten.

Nothing of it leaves: no record, no audit event, no quarantine. What differs is counted by label and told. It costs what
scrubbing costs, a second time; where it fails the live policy goes on without it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson

from scrubber.core.records import Chunk, Clean, Outcome, Quarantined, ScrubbedChunk
from scrubber.detect.pipeline import Scrubber
from scrubber.telemetry import Happening, ShadowCompared, ShadowFailed, ShadowSummary

SUMMARY_SECS = 60.0


class Pair(NamedTuple):
    """Names of the policy that holds for a topic and of the one that is tried beside it."""

    policy: str
    shadow: str


class Shadow:
    """Runs other policies on records that are scrubbed already, and tells how they differ. One thread at a time.

    Args:
        scrub: scrubs with the policies that are tried.
        pair_for: topic -> the names of both policies; None where none is tried.
        emit: hears of each chunk, and of the sums every `SUMMARY_SECS`.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        scrub: Scrubber,
        pair_for: Callable[[str], Pair | None],
        emit: Callable[[Happening], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scrub = scrub
        self._pair_for = pair_for
        self._emit = emit
        self._clock = clock
        self._told = -SUMMARY_SECS
        self._sums: dict[Pair, _Difference] = {}

    def compare(self, scrubbed: ScrubbedChunk) -> None:
        """Scrub the records of the chunk again and tell what is different. Never raises."""
        records = scrubbed.chunk.records
        pairs = {topic: self._pair_for(topic) for topic in {record.topic for record in records}}
        places = [place for place, record in enumerate(records) if pairs[record.topic] is not None]
        if not places:
            return
        try:
            tried = self._scrub(Chunk([records[place] for place in places])).outcomes
        except Exception as error:  # noqa: BLE001 - the live policy has done its work; nothing may stop it
            self._emit(ShadowFailed(type(error).__qualname__, len(places)))
            return
        differences: dict[Pair, _Difference] = {}
        for place, outcome in zip(places, tried, strict=True):
            pair = pairs[records[place].topic]
            assert pair is not None
            differences.setdefault(pair, _Difference()).add(scrubbed.outcomes[place], outcome)
        for pair, difference in differences.items():
            self._emit(ShadowCompared(pair.policy, pair.shadow, *difference.told()))
            self._sums.setdefault(pair, _Difference()).join(difference)
        self._summarise()

    def _summarise(self) -> None:
        now = self._clock()
        if now - self._told >= SUMMARY_SECS:
            self._told = now
            for pair, difference in self._sums.items():
                self._emit(ShadowSummary(pair.policy, pair.shadow, *difference.told()))


class _Difference:
    """Counts of what two policies do alike and otherwise."""

    def __init__(self) -> None:
        self.records = self.differing = 0
        self.findings: Counter[tuple[str, str]] = Counter()
        self.quarantined: Counter[tuple[str, str]] = Counter()

    def add(self, live: Outcome, tried: Outcome) -> None:
        """Compare one record: redactions by place and label, quarantine by reason."""
        self.records += 1
        ours, theirs = _redactions(live), _redactions(tried)
        counts = Counter(_sides(ours, theirs))
        stopped = Counter(_stopped(live, tried))
        self.findings += counts
        self.quarantined += stopped
        self.differing += any(side != "both" for _, side in [*counts, *stopped])

    def join(self, other: _Difference) -> None:
        """Add the counts of `other`."""
        self.records += other.records
        self.differing += other.differing
        self.findings += other.findings
        self.quarantined += other.quarantined

    def told(self) -> tuple[int, int, tuple[tuple[str, str, int], ...], tuple[tuple[str, str, int], ...]]:
        """Records, how many differ, and the counts: (label, side, count) and (reason, side, count)."""
        return self.records, self.differing, _rows(self.findings), _rows(self.quarantined)


def _rows(counts: Counter[tuple[str, str]]) -> tuple[tuple[str, str, int], ...]:
    return tuple((name, side, count) for (name, side), count in sorted(counts.items()))


def _redactions(outcome: Outcome) -> Counter[tuple[Any, ...]]:
    """Places and labels of what was done to a record, with the action, as its audit event says."""
    if not isinstance(outcome, Clean) or outcome.audit is None:
        return Counter()
    spans = orjson.loads(outcome.audit)["redactions"]
    return Counter((span["label"], span["path"], span["start"], span["end"], span["action"]) for span in spans)


def _sides(ours: Counter[tuple[Any, ...]], theirs: Counter[tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    """Yield (label, side) for each redaction: "both" made it, "action" both with different actions, or one alone."""
    yield from ((redaction[0], "both") for redaction in (ours & theirs).elements())
    only_ours, only_theirs = list((ours - theirs).elements()), list((theirs - ours).elements())
    elsewhere = Counter(redaction[:-1] for redaction in only_theirs)
    for redaction in only_ours:
        changed = elsewhere[redaction[:-1]] > 0
        elsewhere[redaction[:-1]] -= changed
        yield redaction[0], "action" if changed else "policy"
    yield from ((label, "shadow") for label, *_ in elsewhere.elements())


def _stopped(live: Outcome, tried: Outcome) -> Iterator[tuple[str, str]]:
    ours, theirs = (each.reason.value if isinstance(each, Quarantined) else None for each in (live, tried))
    if ours is not None:
        yield ours, "both" if ours == theirs else "policy"
    if theirs is not None and ours != theirs:
        yield theirs, "shadow"
