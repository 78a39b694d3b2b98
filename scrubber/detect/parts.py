"""What a batch is made of: texts, and for each the policy it is scrubbed by and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from scrubber.core.policy import Policy


class Part(NamedTuple):
    """A text to scrub, and under which policy: the whole value of a record, its key or a header.

    `place` is its path in redactions ("" the value), `record` the record of the batch that it belongs to, `slot` which
    part of that record it is (for whoever puts it back).
    """

    text: bytes
    policy: Policy
    place: str = ""
    record: int = 0
    slot: int = 0


class Parts:
    """Parts by columns, all of one length. Nearly no text has anything in it, so nearly no part is ever asked for."""

    __slots__ = ("places", "policies", "records", "slots", "texts")

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.texts: list[bytes] = []
        self.policies: list[Policy] = []
        self.places: list[str] = []
        self.records: list[int] = []
        self.slots: list[int] = []
        for part in parts:
            self.add([part.text], [part.policy], part.place, [part.record], part.slot)

    def add(
        self, texts: Sequence[bytes], policies: Sequence[Policy], place: str, records: Iterable[int], slot: int
    ) -> None:
        """Add `texts` that stand at the same place of their records."""
        self.texts += texts
        self.policies += policies
        self.places += [place] * len(texts)
        self.records += records
        self.slots += [slot] * len(texts)

    def without(self, indices: Iterable[int]) -> Self:
        """The same parts, with nothing in the texts at `indices`."""
        others = type(self)()
        for name in self.__slots__:
            setattr(others, name, list(getattr(self, name)))
        for index in indices:
            others.texts[index] = b""
        return others

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> Part:
        return Part(self.texts[index], self.policies[index], self.places[index], self.records[index], self.slots[index])

    def __iter__(self) -> Iterator[Part]:
        return map(Part, self.texts, self.policies, self.places, self.records, self.slots)
