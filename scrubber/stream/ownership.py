"""Which partitions this worker holds, since when, and in which generation of the group.

The consume thread writes it (rebalance callbacks run there), the commit thread reads it when a transaction starts.

Rule 1: every partition carries an *epoch* that changes when it is assigned, revoked, lost or rewound. Records remember
the epoch they were read in; work of another epoch is dropped, never committed.
Rule 2: fresh group metadata is no proof of ownership (a broker checks member and generation, not partitions), so epochs
and metadata are taken together, under one lock, when a transaction starts.
Rule 3: whoever takes partitions away waits until no running transaction holds them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from scrubber.core.records import Partition


class Claim(NamedTuple):
    """What one transaction may write: partitions still held in the epoch of their records, and the group metadata."""

    partitions: frozenset[Partition]
    metadata: Any


class Released(NamedTuple):
    """What a revoke leaves behind: how long it waited, and (at least once) next offsets still to be committed."""

    waited_secs: float
    finished: dict[Partition, int]


class Ownership:
    """Epochs, group metadata and the rewind request, guarded by one condition."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._epochs: dict[Partition, int] = {}
        self._last_epoch = 0
        self._metadata: Any = None
        self._refreshes = 0
        self._claimed: frozenset[Partition] = frozenset()
        self._finished: dict[Partition, tuple[int, int]] = {}
        self._rewind_wanted = False

    # -- the consume thread ------------------------------------------------------------------------------------------

    def assign(self, partitions: Iterable[Partition]) -> None:
        """Hold `partitions`, each in a new epoch."""
        with self._changed:
            for partition in partitions:
                self._start_epoch(partition)

    def release(self, partitions: Iterable[Partition]) -> None:
        """Hold `partitions` no more (lost: they may belong to somebody else already)."""
        with self._changed:
            for partition in partitions:
                self._epochs.pop(partition, None)

    def release_and_wait(self, partitions: Iterable[Partition], timeout_secs: float) -> Released:
        """Hold `partitions` no more, and wait until no transaction does.

        After the timeout the group's generation has moved on and the broker refuses the late transaction by itself.
        """
        started = time.monotonic()
        with self._changed:
            gone = {partition: self._epochs.pop(partition, None) for partition in partitions}
            self._changed.wait_for(lambda: self._claimed.isdisjoint(gone), timeout_secs)
            return Released(time.monotonic() - started, self._take_finished(gone))

    def refresh(self, metadata: Any) -> dict[Partition, int]:
        """Take note of the newest group metadata; returns a copy of the epochs."""
        with self._changed:
            self._metadata = metadata
            self._refreshes += 1
            self._changed.notify_all()
            return dict(self._epochs)

    @property
    def rewind_wanted(self) -> bool:
        """Whether the consume thread has to go back to the committed offsets."""
        return self._rewind_wanted

    def begin_rewind(self, timeout_secs: float) -> list[Partition] | None:
        """Start a new epoch for every partition held, so that all work in the pipeline is stale; returns them.

        The transaction in flight is waited for: what it commits must be known before the offsets are asked for. None
        where it does not end in time: the request stands.
        """
        with self._changed:
            for partition in self._epochs:
                self._start_epoch(partition)
            idle = self._changed.wait_for(lambda: not self._claimed, timeout_secs)
            return list(self._epochs) if idle else None

    def rewound(self) -> None:
        """The consumer stands at the committed offsets."""
        with self._changed:
            self._rewind_wanted = False
            self._changed.notify_all()

    def take_finished(self) -> dict[Partition, int]:
        """At least once: next offsets of partitions still held that may be committed, each given out once."""
        with self._changed:
            return self._take_finished(self._epochs)

    def _take_finished(self, epochs: Mapping[Partition, int | None]) -> dict[Partition, int]:
        taken = {
            partition: next_offset
            for partition, (next_offset, epoch) in self._finished.items()
            if epochs.get(partition) == epoch
        }
        for partition in taken:
            del self._finished[partition]
        return taken

    def _start_epoch(self, partition: Partition) -> None:
        self._last_epoch += 1
        self._epochs[partition] = self._last_epoch

    # -- the commit thread -------------------------------------------------------------------------------------------

    @contextmanager
    def claim(self, epochs: Mapping[Partition, int]) -> Iterator[Claim]:
        """Claim what is still held of `epochs` while the block runs; a revoke waits for its end."""
        with self._changed:
            held = frozenset(partition for partition, epoch in epochs.items() if self._epochs.get(partition) == epoch)
            self._claimed = held
            claim = Claim(held, self._metadata)
        try:
            yield claim
        finally:
            with self._changed:
                self._claimed = frozenset()
                self._changed.notify_all()

    def finish(self, next_offsets: Mapping[Partition, int], epochs: Mapping[Partition, int]) -> None:
        """At least once: these records were delivered; the consume thread will commit `next_offsets`."""
        with self._changed:
            for partition, next_offset in next_offsets.items():
                self._finished[partition] = (next_offset, epochs[partition])

    def wait_for_refresh(self, timeout_secs: float) -> None:
        """Wait until the consume thread has asked twice for metadata: one such call began after we started to wait."""
        with self._changed:
            wanted = self._refreshes + 2
            self._changed.wait_for(lambda: self._refreshes >= wanted, timeout_secs)

    def want_rewind(self) -> None:
        """Ask the consume thread to go back to the committed offsets."""
        with self._changed:
            self._rewind_wanted = True

    def wait_until_rewound(self, give_up: Callable[[], bool]) -> None:
        """Wait for the rewind that was asked for; `give_up` is asked a few times a second."""
        with self._changed:
            while self._rewind_wanted and not give_up():
                self._changed.wait(0.1)
