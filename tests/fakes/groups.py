"""The group coordinator and the client half of a rebalance, together: one object per group, one per member.

Rebalances go as in the classic protocol: a new generation starts when every live member has joined it. A cooperative
member joins without a poll unless a callback of the last rebalance still waits for one; an eager member joins once its
`on_revoke` has run. What a member has to be told waits in `Member.pending` until its next `consume`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from scrubber.core.records import Partition
from tests.fakes.assignors import Assignor, keep_what_fits, split_topics
from tests.fakes.log import Transaction


class Callback(NamedTuple):
    """One rebalance callback that waits for the member's next `consume`."""

    kind: Literal["assign", "revoke"]
    partitions: list[Partition]


@dataclass(eq=False, slots=True)
class Member:
    """One member, as the coordinator and as its own client know it."""

    id: str
    topics: list[str]
    cooperative: bool
    owned: list[Partition] = field(default_factory=list)
    pending: deque[Callback] = field(default_factory=deque)
    generation: int = -1
    rejoin: bool = False
    poll_deadline: float = float("inf")
    dead: bool = False
    expired: bool = False
    overdue: bool = False

    @property
    def joined(self) -> bool:
        """Whether it takes part in the rebalance that is under way."""
        return not self.dead and not self.pending and (self.cooperative or not self.owned)

    def subscribed(self, topic: str) -> bool:
        """A subscription that starts with `^` is a regular expression."""
        return any(re.match(name, topic) if name.startswith("^") else name == topic for name in self.topics)


class Group:
    """Members, generation, committed offsets, and offsets that open transactions hold back."""

    def __init__(self, partitions: Callable[[], list[Partition]]) -> None:
        self._all_partitions = partitions
        self._rebalancing = False
        self.generation = 0
        self.members: dict[str, Member] = {}
        self.offsets: dict[Partition, int] = {}
        self._held: dict[Transaction, set[Partition]] = {}

    def join(self, member: Member) -> None:
        """A new member starts a rebalance."""
        self.members[member.id] = member
        self.rebalance()

    def leave(self, member: Member) -> None:
        """So does one that leaves."""
        if self.members.pop(member.id, None) is not None:
            self.rebalance()

    def expire(self, member: Member) -> None:
        """Throw out a member that was not heard of; its client learns that it lost everything at its next `consume`."""
        member.expired = True
        member.pending.clear()
        self.leave(member)

    def rebalance(self) -> None:
        """Ask all members to join a new generation."""
        self._rebalancing = True
        for member in self.members.values():
            if not member.cooperative and member.owned and not member.pending:
                member.pending.append(Callback("revoke", list(member.owned)))
        self._complete()

    def served(self, member: Member, callback: Callback) -> None:
        """A callback has run: the client applies it, and the coordinator may go on."""
        if callback.kind == "assign":
            member.owned += callback.partitions
        else:
            member.owned = [partition for partition in member.owned if partition not in callback.partitions]
        if not member.pending and member.rejoin:
            member.rejoin = False
            self.rebalance()
        else:
            self._complete()

    def stable_offset(self, partition: Partition) -> int | None:
        """The committed offset, -1001 where there is none; None while a transaction holds it back."""
        if any(partition in held for held in self._held.values()):
            return None
        return self.offsets.get(partition, -1001)

    def hold(self, transaction: Transaction, offsets: dict[Partition, int]) -> None:
        """Make the offsets of these partitions unreadable until the transaction ends."""
        self._held.setdefault(transaction, set()).update(offsets)

    def release(self, transaction: Transaction, offsets: dict[Partition, int]) -> None:
        """End of the transaction: `offsets` is what it committed, nothing if it was aborted."""
        self._held.pop(transaction, None)
        self.offsets.update(offsets)

    def _complete(self) -> None:
        if not self._rebalancing or not all(member.joined for member in self.members.values()):
            return
        self._rebalancing = False
        self.generation += 1
        members = list(self.members.values())
        for member, target in zip(members, self._targets(members), strict=True):
            member.generation = self.generation
            self._tell(member, target, members)

    def _targets(self, members: list[Member]) -> list[list[Partition]]:
        assignor: Assignor = keep_what_fits if all(member.cooperative for member in members) else split_topics
        wanted = [[part for part in self._all_partitions() if member.subscribed(part.topic)] for member in members]
        return assignor(wanted, [member.owned for member in members])

    @staticmethod
    def _tell(member: Member, target: list[Partition], members: list[Member]) -> None:
        """What a member has to give up it gives up first; what it is to get waits until the present owner let go."""
        taken = {partition for other in members if other is not member for partition in other.owned}
        added = [partition for partition in target if partition not in member.owned and partition not in taken]
        revoked = [partition for partition in member.owned if partition not in target]
        if revoked:
            member.pending.append(Callback("revoke", revoked))
            member.rejoin = True
        member.pending.append(Callback("assign", added))
