"""The part of confluent-kafka that the stream room uses, as protocols.

`confluent_kafka.Consumer` and `Producer` satisfy them as they are; so does the fake broker of the tests. All three
stand in front of the same contract suite (`tests/contract`), which is the only reason to trust the fake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from confluent_kafka import Message, TopicPartition

Rebalance = Callable[[Any, list[TopicPartition]], None]


class ConsumerClient(Protocol):
    """One group member. Only the consume thread may touch it: every call of 2.16 waits for the one that runs."""

    def subscribe(self, topics: list[str], *, on_assign: Rebalance, on_revoke: Rebalance, on_lost: Rebalance) -> None:
        """Join the group. A topic that starts with `^` is a regular expression."""
        ...

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Any]:
        """Return up to `num_messages` of `Message`; waits the whole `timeout` unless that many are there.

        Rebalance callbacks run in here.
        """
        ...

    def consumer_group_metadata(self) -> Any:
        """Opaque member id and generation, for `send_offsets_to_transaction`."""
        ...

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Hold exactly these, from their offsets on (inside `on_assign` of an eager group)."""
        ...

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        """Hold these as well, from their offsets on (inside `on_assign` of a cooperative group)."""
        ...

    def assignment(self) -> list[TopicPartition]:
        """Partitions that this member holds now."""
        ...

    def committed(self, partitions: list[TopicPartition], timeout: float = ...) -> list[TopicPartition]:
        """Committed next offsets, negative where there is none."""
        ...

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool = True) -> list[TopicPartition] | None:
        """Commit next offsets outside a transaction (at-least-once only)."""
        ...

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float = ...) -> tuple[int, int] | None:
        """First offset and the one after the last; None where that took too long."""
        ...

    def seek(self, partition: TopicPartition) -> None:
        """Continue at `partition.offset`."""
        ...

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Stop fetching; drops what was fetched ahead."""
        ...

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Fetch again."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class ProducerClient(Protocol):
    """One producer, transactional or not. Only the commit thread touches it."""

    def init_transactions(self, timeout: float = ...) -> None:
        """Settle whatever the last holder of the transactional id left open, and fence it."""
        ...

    def begin_transaction(self) -> None:
        """Open a transaction (a local call)."""
        ...

    def produce(  # noqa: PLR0917 - the client's signature; named arguments cost it a third more
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        callback: None = None,
        on_delivery: None = None,
        timestamp: int = 0,
        headers: list[tuple[str, bytes | None]] | None = None,
    ) -> None:
        """Queue one message; `BufferError` when the local queue is full."""
        ...

    def poll(self, timeout: float = -1) -> int:
        """Serve delivery reports; raises a fatal error once."""
        ...

    def flush(self, timeout: float = -1) -> int:
        """Wait for all deliveries; returns how many are left. 0 does not mean delivered."""
        ...

    def send_offsets_to_transaction(self, offsets: list[TopicPartition], metadata: Any, timeout: float = ...) -> None:
        """Put the consumed next offsets into the transaction."""
        ...

    def commit_transaction(self, timeout: float = ...) -> None:
        """Flush and commit."""
        ...

    def abort_transaction(self, timeout: float = ...) -> None:
        """Purge and abort."""
        ...

    def close(self) -> None:
        """Close; an open transaction is aborted."""
        ...


class Clients(Protocol):
    """Makes clients for one worker; tests give one that talks to the fake broker."""

    def consumer(self, on_error: Callable[[Any], None]) -> ConsumerClient:
        """A new group member, not yet subscribed."""
        ...

    def producer(
        self, on_error: Callable[[Any], None], on_delivery_error: Callable[[Any, Message], None]
    ) -> ProducerClient:
        """A new producer; `on_delivery_error` runs (in `poll`, `flush`, `commit_transaction`) for failures only."""
        ...


__all__ = ["Clients", "ConsumerClient", "ProducerClient", "Rebalance"]
