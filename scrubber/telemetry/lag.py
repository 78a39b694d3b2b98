"""How far behind the worker is: the ends of its partitions against what it has committed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping


class Lag:
    """Follows the partitions that the worker holds (`topic[partition]`), and forgets those that it holds no more.

    Ends come a few times a minute; what was committed since then may be ahead of them, which is no lag. Until the first
    commit the consumer's position counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._places: dict[str, tuple[int, int]] = {}
        self._committed: dict[str, int] = {}

    def hold(self, partitions: Iterable[str]) -> None:
        """These partitions are ours."""
        with self._lock:
            self._held.update(partitions)

    def drop(self, partitions: Iterable[str]) -> None:
        """These are not ours any more."""
        with self._lock:
            for partition in partitions:
                self._held.discard(partition)
                self._places.pop(partition, None)
                self._committed.pop(partition, None)

    def follow(self, places: Mapping[str, tuple[int, int]]) -> None:
        """Take note of ends and positions."""
        with self._lock:
            self._places.update((partition, place) for partition, place in places.items() if partition in self._held)

    def committed(self, next_offsets: Iterable[tuple[str, int, int]]) -> None:
        """Take note of what was committed: topic, partition, next offset."""
        with self._lock:
            for topic, number, next_offset in next_offsets:
                partition = f"{topic}[{number}]"
                if partition in self._held:
                    self._committed[partition] = next_offset

    @property
    def held(self) -> int:
        """How many partitions the worker holds."""
        return len(self._held)

    def read(self) -> dict[tuple[str, ...], float]:
        """Return the lag of each partition whose end is known, by topic and partition."""
        with self._lock:
            lags = {
                partition: max(0, end - self._committed.get(partition, position))
                for partition, (end, position) in self._places.items()
            }
        return {_split(partition): float(lag) for partition, lag in lags.items()}


def _split(partition: str) -> tuple[str, str]:
    topic, _, number = partition.rpartition("[")
    return topic, number.removesuffix("]")
