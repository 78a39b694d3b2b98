"""What flows through scrubber: records in, one outcome for each record out.

A *record* is one Kafka message (or one input line), a *chunk* what one poll yields and one transaction commits. None of
these types ever prints a key, a value or a header: their `repr` gives coordinates and sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

from scrubber.errors import Reason

_TOPIC = itemgetter(0)

Headers = list[tuple[str, bytes | None]]


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One message as it was read. `value is None` is a tombstone; `timestamp_ms` is -1 where the broker gave none."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None

    @property
    def next_offset(self) -> int:
        """The offset to commit once this record is done."""
        return self.offset + 1

    def __repr__(self) -> str:
        """Coordinates and size, never content."""
        return f"Record({self.topic}[{self.partition}]@{self.offset}, {len(self.value or b'')} bytes)"


class Records(NamedTuple):
    """Records by columns: cheap to send, and what is asked of all of them is asked of a column."""

    topics: tuple[str, ...] = ()
    partitions: tuple[int, ...] = ()
    offsets: tuple[int, ...] = ()
    timestamps_ms: tuple[int, ...] = ()
    keys: tuple[bytes | None, ...] = ()
    values: tuple[bytes | None, ...] = ()
    headers: tuple[Headers | None, ...] = ()

    @classmethod
    def of(cls, records: Sequence[Record]) -> Records:
        """Return `records` by columns."""
        return cls(*zip(*records, strict=True))

    def some(self, places: Collection[int]) -> Iterator[Record]:
        """Return those at `places` as they were."""
        columns = (map(column.__getitem__, places) for column in self)
        return map(tuple.__new__, repeat(Record), zip(*columns, strict=True))

    def all(self) -> list[Record]:
        """Return them as they were."""
        return list(self.some(range(len(self.topics))))

    def part(self, first: int, last: int) -> Records:
        """Return those in `[first, last)`."""
        return Records._make(column[first:last] for column in self)

    def __repr__(self) -> str:
        """Their number, never content."""
        return f"Records({len(self.topics)})"


class Clean(NamedTuple):
    """A record that may go on: scrubbed key, value and headers, and its audit event (JSON) where it has one."""

    key: bytes | None
    value: bytes | None
    headers: Headers | None
    audit: bytes | None

    def clean(self, _record: Record) -> Clean:
        """Return itself; see `Untouched`."""
        return self

    def __repr__(self) -> str:
        """Size, never content: the key of a record may be anything."""
        return f"Clean({len(self.value or b'')} bytes)"


class Quarantined(NamedTuple):
    """A record that must not go on: its reason, and the envelope (JSON) that the quarantine topic gets."""

    reason: Reason
    envelope: bytes

    def __repr__(self) -> str:
        """Reason and size; the envelope may hold an encrypted payload."""
        return f"Quarantined({self.reason.value}, {len(self.envelope)} bytes)"


class Untouched(NamedTuple):
    """A record that may go on as it came, with these headers behind its own. Many records share one."""

    headers: Headers

    def clean(self, record: Record) -> Clean:
        """Return what goes on of `record`. Without headers of its own it has the shared list, which nobody changes."""
        headers = [*record.headers, *self.headers] if record.headers else self.headers
        return Clean(record.key, record.value, headers, None)


Outcome = Clean | Quarantined | Untouched


class Touched(NamedTuple):
    """What was done to some records of many, by their place; all others go on as they came.

    `stamps` has for each topic the headers that every clean record gets.
    """

    stamps: dict[str, Headers]
    outcomes: dict[int, Outcome]

    def of_all(self, records: Sequence[Record]) -> list[Outcome]:
        """Return the outcome of each of `records`."""
        untouched = {topic: Untouched(headers) for topic, headers in self.stamps.items()}
        outcomes: list[Outcome] = list(map(untouched.__getitem__, map(_TOPIC, records)))
        for place, outcome in self.outcomes.items():
            outcomes[place] = outcome
        return outcomes

    def complete(self, records: Sequence[Record]) -> list[Outcome]:
        """Return the outcome of each of `records`, with everything that goes on in it."""
        return [
            outcome if isinstance(outcome, Quarantined) else outcome.clean(record)
            for record, outcome in zip(records, self.of_all(records), strict=True)
        ]


@dataclass(slots=True)
class Chunk:
    """Records in the order they were read: offsets rise within each partition.

    `epochs` holds the ownership epoch of each partition when its records were read (see `stream/ownership.py`); a chunk
    read from a file has none.
    """

    records: list[Record] = field(default_factory=list)
    epochs: dict[Partition, int] = field(default_factory=dict)
    byte_size: int = 0

    def __repr__(self) -> str:
        """Counts only."""
        return f"Chunk({len(self.records)} records, {len(self.epochs)} partitions, {self.byte_size} bytes)"


@dataclass(slots=True)
class ScrubbedChunk:
    """A chunk with one outcome for each of its records, in the same order."""

    chunk: Chunk
    outcomes: list[Outcome]

    def __post_init__(self) -> None:
        """A record without an outcome would be lost, one with two doubled."""
        assert len(self.outcomes) == len(self.chunk.records), "Chunk and outcomes differ in length. This is a bug."

    def __repr__(self) -> str:
        """Counts only."""
        return f"ScrubbedChunk({len(self.outcomes)} outcomes)"


Finish = Callable[[], ScrubbedChunk]
"""Waits for a chunk that was begun. Raises DetectorError."""

Begin = Callable[[Chunk], Finish]
"""Begins to scrub a chunk, while the ones before it may still be at work. Raises DetectorError."""


def at_once(scrub: Callable[[Chunk], ScrubbedChunk]) -> Begin:
    """Return the `Begin` of what scrubs where it is asked to: all its work is in finishing."""
    return lambda chunk: partial(scrub, chunk)
