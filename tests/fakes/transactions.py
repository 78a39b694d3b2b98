"""The transaction coordinator: transactional ids, their epochs, what each open transaction holds, and its deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from confluent_kafka import KafkaError

from scrubber.core.records import Partition
from tests.fakes import errors
from tests.fakes.groups import Group
from tests.fakes.log import PartitionLog, Transaction


@dataclass(slots=True)
class TransactionalId:
    """Who owns the id (its epoch) and what the owner has open."""

    epoch: int = -1
    timeout_secs: float = 60.0
    open: Transaction | None = None
    deadline: float = 0.0
    logs: list[PartitionLog] = field(default_factory=list)
    offsets: list[tuple[Group, dict[Partition, int]]] = field(default_factory=list)


class TransactionCoordinator:
    """All calls are made under the broker's lock. `now` is the broker's clock, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ids: dict[str, TransactionalId] = {}

    def init(self, name: str, timeout_secs: float) -> int:
        """Abort what the last owner left open, fence it, return the new epoch."""
        owned = self._ids.setdefault(name, TransactionalId())
        self._finish(owned, commit=False)
        owned.epoch += 1
        owned.timeout_secs = timeout_secs
        return owned.epoch

    def check(self, name: str, epoch: int) -> TransactionalId:
        """The id's state, for its owner only."""
        owned = self._ids[name]
        if owned.epoch != epoch:
            raise errors.fenced()
        return owned

    def add_partition(self, name: str, epoch: int, log: PartitionLog) -> Transaction:
        """The transaction to append to `log` under; opens it where there is none."""
        owned = self.check(name, epoch)
        if not any(log is known for known in owned.logs):
            owned.logs.append(log)
        return self._open(owned)

    def add_offsets(self, name: str, epoch: int, group: Group, offsets: dict[Partition, int]) -> None:
        """Hold consumed offsets back until the transaction ends; till then nobody can read these offsets."""
        owned = self.check(name, epoch)
        transaction = self._open(owned)
        owned.offsets.append((group, offsets))
        group.hold(transaction, offsets)

    def end(self, name: str, epoch: int, *, commit: bool) -> None:
        """Commit or abort what is open; a transaction in which nothing happened is not known here."""
        self._finish(self.check(name, epoch), commit=commit)

    def expire(self) -> None:
        """Abort transactions past their deadline and fence their owners, as the real coordinator does."""
        for owned in self._ids.values():
            if owned.open is not None and self._now() >= owned.deadline:
                self._finish(owned, commit=False)
                owned.epoch += 1

    def _open(self, owned: TransactionalId) -> Transaction:
        if owned.open is None:
            owned.open = Transaction()
            owned.deadline = self._now() + owned.timeout_secs
        return owned.open

    def _finish(self, owned: TransactionalId, *, commit: bool) -> None:
        transaction = owned.open
        if transaction is None:
            return
        transaction.state = "committed" if commit else "aborted"
        for log in owned.logs:
            log.end_transaction(transaction, "commit" if commit else "abort", int(self._now() * 1000))
        for group, offsets in owned.offsets:
            group.release(transaction, offsets if commit else {})
        owned.open, owned.logs, owned.offsets = None, [], []


def stale_member(group: Group, member_id: str, generation: int) -> int | None:
    """KIP-447: the error code for offsets that do not come from a live member of the current generation.

    It says nothing about who owns which partition, and a client that has not joined yet is let through.
    """
    if not member_id and generation < 0:
        return None
    if member_id not in group.members:
        return KafkaError.UNKNOWN_MEMBER_ID
    return None if generation == group.generation else KafkaError.ILLEGAL_GENERATION
