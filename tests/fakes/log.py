"""The log of one partition: messages and control markers, each with an offset of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Isolation = Literal["read_committed", "read_uncommitted"]
Headers = list[tuple[str, bytes | None]]


@dataclass(eq=False, slots=True)
class Transaction:
    """One transaction as partitions see it. `eq=False`: identity is what counts."""

    state: Literal["open", "committed", "aborted"] = "open"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message, or the marker that ended a transaction in this partition (`marker`)."""

    offset: int
    timestamp_ms: int
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers | None = None
    transaction: Transaction | None = None
    marker: Literal["commit", "abort"] | None = None

    @property
    def visible(self) -> bool:
        """Whether a read-committed reader that got this far is given this entry."""
        return self.marker is None and (self.transaction is None or self.transaction.state == "committed")


@dataclass(eq=False, slots=True)
class PartitionLog:
    """Entries in offset order; nothing is ever removed, so an offset is an index."""

    entries: list[Entry] = field(default_factory=list)
    _first_open: dict[Transaction, int] = field(default_factory=dict)

    @property
    def end_offset(self) -> int:
        """The offset that the next entry gets."""
        return len(self.entries)

    @property
    def last_stable_offset(self) -> int:
        """Where read-committed readers stop: the first offset of the oldest open transaction."""
        return min(self._first_open.values(), default=self.end_offset)

    def end(self, isolation: Isolation) -> int:
        """The end of the log as a reader of this isolation level sees it."""
        return self.last_stable_offset if isolation == "read_committed" else self.end_offset

    def append(
        self,
        timestamp_ms: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None,
        transaction: Transaction | None,
    ) -> int:
        """Add a message, return its offset."""
        offset = self.end_offset
        if transaction is not None:
            self._first_open.setdefault(transaction, offset)
        self.entries.append(Entry(offset, timestamp_ms, key, value, headers, transaction))
        return offset

    def end_transaction(self, transaction: Transaction, marker: Literal["commit", "abort"], timestamp_ms: int) -> None:
        """Write the marker, which takes an offset, and let readers pass."""
        self._first_open.pop(transaction, None)
        self.entries.append(Entry(self.end_offset, timestamp_ms, transaction=transaction, marker=marker))

    def read(self, position: int, limit: int, isolation: Isolation) -> tuple[list[Entry], int]:
        """Up to `limit` messages from `position` on, and the position after them."""
        found: list[Entry] = []
        end = self.end(isolation)
        while position < end and len(found) < limit:
            entry = self.entries[position]
            position += 1
            if entry.visible or (isolation == "read_uncommitted" and entry.marker is None):
                found.append(entry)
        return found, position
