"""Small steps that most tests of the contract take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from scrubber.core.records import Partition
from scrubber.stream.ports import Clients, ProducerClient

PATIENCE_SECS = 20.0
CALL_SECS = 10.0


class Event(NamedTuple):
    """One rebalance callback."""

    kind: str
    partitions: frozenset[Partition]


class Member:
    """A group member that writes down all that happens to it.

    With `start_at` it takes partitions there, paused (cooperative groups only); else the client looks for the offset.
    """

    def __init__(self, clients: Clients, *topics: str, start_at: int | None = None) -> None:
        self._start_at = start_at
        self.events: list[Event] = []
        self.messages: list[Message] = []
        self.errors: list[KafkaError] = []
        self.consumer = clients.consumer(lambda _error: None)
        self.consumer.subscribe(
            list(topics),
            on_assign=self._note("assign"),
            on_revoke=self._note("revoke"),
            on_lost=self._note("lost"),
        )

    def poll(self, limit: int = 100, secs: float = 0.05) -> list[Message]:
        """One `consume`; what came of it, errors apart."""
        answer = self.consumer.consume(limit, secs)
        self.errors += [error for message in answer if (error := message.error()) is not None]
        fresh = [message for message in answer if message.error() is None]
        self.messages += fresh
        return fresh

    @property
    def held(self) -> set[Partition]:
        """What it holds now."""
        return {Partition(place.topic, place.partition) for place in self.consumer.assignment()}

    @property
    def values(self) -> list[bytes | None]:
        """All it was given, in that order."""
        return [message.value() for message in self.messages]

    def metadata(self) -> Any:
        return self.consumer.consumer_group_metadata()

    def told(self, kind: str) -> set[Partition]:
        """Every partition that callbacks of this kind named."""
        return {partition for event in self.events if event.kind == kind for partition in event.partitions}

    def close(self) -> None:
        self.consumer.close()

    def _note(self, kind: str) -> Callable[[Any, list[TopicPartition]], None]:
        def callback(_consumer: Any, partitions: list[TopicPartition]) -> None:
            if kind == "assign" and self._start_at is not None:
                places = [TopicPartition(each.topic, each.partition, self._start_at) for each in partitions]
                self.consumer.incremental_assign(places)
                self.consumer.pause(places)
            self.events.append(Event(kind, frozenset(Partition(each.topic, each.partition) for each in partitions)))

        return callback


def until(condition: Callable[[], bool], *members: Member, secs: float = PATIENCE_SECS) -> None:
    """Poll the members in turn until the condition holds."""
    deadline = time.monotonic() + secs
    while not condition():
        if time.monotonic() > deadline:
            told = [(member.held, member.events) for member in members]
            pytest.fail(f"waited {secs} s in vain: {told}")
        for member in members:
            member.poll()


def spell(members: tuple[Member, ...] | list[Member], secs: float) -> None:
    """Poll the members for that long, to see that nothing happens."""
    deadline = time.monotonic() + secs
    while time.monotonic() < deadline:
        for member in members:
            member.poll()


def started(clients: Clients, on_delivery_error: Callable[[Any, Message], None] | None = None) -> ProducerClient:
    """A producer that may begin transactions."""
    producer = clients.producer(lambda _error: None, on_delivery_error or (lambda _error, _message: None))
    producer.init_transactions(CALL_SECS * 3)
    return producer


def transact(producer: ProducerClient, topic: str, *values: bytes) -> None:
    """Begin, and produce; on the broker when it returns."""
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(CALL_SECS) == 0


def refused(call: Callable[[], object]) -> KafkaError:
    """The error that the call raises."""
    with pytest.raises(KafkaException) as caught:
        call()
    error = caught.value.args[0]
    assert isinstance(error, KafkaError)
    return error
