"""The three clusters that the contract is held against, behind one face."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from scrubber.stream.clients import KafkaClients
from scrubber.stream.mock_cluster import MockCluster
from scrubber.stream.ports import Clients
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings
from tests.fakes import FakeBroker, FakeClients
from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic, unique

NO_LIMIT = 1_048_588


class Seen(NamedTuple):
    """What a reader from outside the group gets to see."""

    partition: int
    offset: int
    value: bytes | None


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Who a worker is and how patient its cluster is with it."""

    group: str
    transactional_id: str | None = None
    assignment: Any = "cooperative-sticky"
    reset: Any = "earliest"
    session_ms: int = 6_000
    max_poll_ms: int = 60_000
    transaction_ms: int = 20_000
    message_max_bytes: int = 1_000_000


class Cluster(Protocol):
    """One of fake, mock, kafka."""

    def topic(self, partitions: int = 1, max_message_bytes: int = NO_LIMIT) -> str:
        """A new topic under a name nobody else uses."""

    def clients(self, worker: Worker) -> Clients:
        """The clients of one worker process."""

    def feed(self, topic: str, values: list[bytes], partition: int = 0) -> None:
        """Write records outside any transaction."""

    def read(self, topic: str, *, committed: bool = True) -> list[Seen]:
        """The whole topic as a reader of this isolation level sees it."""

    @contextmanager
    def doomed_member(self, worker: Worker, topic: str) -> Iterator[Callable[[], None]]:
        """A member in a process of its own that holds partitions of `topic`, and the way to kill that process."""


class FakeCluster:
    """The fake broker on the wall clock."""

    def __init__(self) -> None:
        self.broker = FakeBroker(wall_clock=True)

    def topic(self, partitions: int = 1, max_message_bytes: int = NO_LIMIT) -> str:
        return self.broker.create_topic(unique("topic"), partitions, max_message_bytes=max_message_bytes)

    def clients(self, worker: Worker) -> FakeClients:
        return FakeClients(
            self.broker,
            worker.group,
            worker.transactional_id,
            assignment=worker.assignment,
            auto_offset_reset=worker.reset,
            session_secs=worker.session_ms / 1000,
            max_poll_secs=worker.max_poll_ms / 1000,
            transaction_timeout_secs=worker.transaction_ms / 1000,
            message_max_bytes=worker.message_max_bytes,
        )

    def feed(self, topic: str, values: list[bytes], partition: int = 0) -> None:
        for value in values:
            self.broker.append(topic, value, partition=partition)

    def read(self, topic: str, *, committed: bool = True) -> list[Seen]:
        return [
            Seen(partition, entry.offset, entry.value)
            for partition in range(self.broker.partition_count(topic))
            for entry in self.broker.records(topic, partition, "read_committed" if committed else "read_uncommitted")
        ]

    @contextmanager
    def doomed_member(self, worker: Worker, topic: str) -> Iterator[Callable[[], None]]:
        clients = self.clients(worker)
        consumer = clients.consumer()
        nothing = lambda _consumer, _partitions: None  # noqa: E731
        consumer.subscribe([topic], on_assign=nothing, on_revoke=nothing, on_lost=nothing)
        consumer.consume(1, 0)
        yield lambda: self.broker.crash(clients)


class RealCluster:
    """Anything that speaks the protocol at `bootstrap`."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def topic(self, partitions: int = 1, max_message_bytes: int = NO_LIMIT) -> str:
        return create_topic(self.bootstrap, "contract", partitions, max_message_bytes=str(max_message_bytes))

    def clients(self, worker: Worker) -> Clients:
        return KafkaClients(self.settings(worker))

    def settings(self, worker: Worker) -> StreamSettings:
        kafka = KafkaSettings(
            bootstrap_servers=self.bootstrap,
            group_id=worker.group,
            transactional_id=worker.transactional_id,
            assignment=worker.assignment,
            auto_offset_reset=worker.reset,
            session_timeout_ms=worker.session_ms,
            max_poll_interval_ms=max(worker.max_poll_ms, worker.session_ms),
            transaction_timeout_ms=worker.transaction_ms,
            extra={
                "heartbeat.interval.ms": 200,
                "fetch.wait.max.ms": 50,
                "message.max.bytes": worker.message_max_bytes,
                "topic.metadata.propagation.max.ms": 1_000,
            },
        )
        delivery = "exactly_once" if worker.transactional_id else "at_least_once"
        return StreamSettings(kafka=kafka, routes=(Route("all", pattern=".*"),), delivery=delivery)

    def feed(self, topic: str, values: list[bytes], partition: int = 0) -> None:
        quick = {"bootstrap.servers": self.bootstrap, "enable.idempotence": False}  # getting a producer id takes 0.5 s
        produce(quick, topic, [Sent(value, partition=partition) for value in values])

    def read(self, topic: str, *, committed: bool = True) -> list[Seen]:
        quick = {"bootstrap.servers": self.bootstrap, "fetch.wait.max.ms": 10}
        return [
            Seen(message.partition(), message.offset(), message.value())
            for message in read_topic(quick, topic, committed=committed, timeout_secs=20)
        ]

    @contextmanager
    def doomed_member(self, worker: Worker, topic: str) -> Iterator[Callable[[], None]]:
        script = Path(__file__).with_name("member.py")
        command = [sys.executable, str(script), self.bootstrap, worker.group, topic, str(worker.session_ms)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"assigned\n"
                yield process.kill
            finally:
                process.kill()


class Mock(RealCluster):
    """librdkafka's mock cluster in a process of its own."""

    def __init__(self, process: MockCluster, bootstrap: str) -> None:
        super().__init__(bootstrap)
        self._process = process

    def settings(self, worker: Worker) -> StreamSettings:
        """Each rebalance of the mock takes all of the session timeout but its last second."""
        return super().settings(replace(worker, session_ms=min(worker.session_ms, 2_000)))

    def topic(self, partitions: int = 1, max_message_bytes: int = NO_LIMIT) -> str:
        name = unique("contract")
        self._process.create_topic(name, partitions)
        return name
