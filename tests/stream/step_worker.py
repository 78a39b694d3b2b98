"""A worker without threads on the fake broker: the real source, sink, outbox and ownership, moved step by step."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Literal

from scrubber.core.records import Chunk, Clean, Outcome, Quarantined, Record, ScrubbedChunk
from scrubber.errors import Reason
from scrubber.stream.outbox import Outbox
from scrubber.stream.ownership import Ownership
from scrubber.stream.patience import Patience
from scrubber.stream.placement import Placement
from scrubber.stream.routes import RouteTable
from scrubber.stream.settings import ChunkLimits, Route
from scrubber.stream.sink import Commit, TransactionalSink
from scrubber.stream.source import Source
from scrubber.telemetry import Happening
from tests.fakes import FakeBroker, FakeClients

IN, CLEAN, AUDIT, QUARANTINE = "in", "in.clean", "in.audit", "in.quarantine"
GROUP = "scrubbers"


class Events:
    """Telemetry that keeps everything."""

    def __init__(self) -> None:
        self.seen: list[Happening] = []

    def emit(self, happening: Happening) -> None:
        self.seen.append(happening)

    def of(self, kind: type[Happening]) -> list[Any]:
        return [each for each in self.seen if type(each) is kind]


def new_broker(partitions: int = 2, *, wall_clock: bool = False, **topic_settings: int) -> FakeBroker:
    broker = FakeBroker(wall_clock=wall_clock)
    for topic in (IN, CLEAN, AUDIT, QUARANTINE):
        broker.create_topic(topic, partitions, **topic_settings)
    return broker


def seal(record: Record, reason: Reason, *, with_payload: bool = True) -> Quarantined:
    place = f"{record.partition}-{record.offset}"
    return Quarantined(reason, f"{place}{' payload' * with_payload}".encode())


def scrub_record(record: Record) -> Outcome:
    """Made-up rules: `bad` values go to quarantine, every third record has an audit event."""
    if record.value is not None and record.value.startswith(b"bad"):
        return seal(record, Reason.UNDECODABLE)
    audit = b"%d-%d" % (record.partition, record.offset) if record.offset % 3 == 0 else None
    return Clean(record.key, record.value, record.headers, audit)


def scrub(chunk: Chunk) -> ScrubbedChunk:
    return ScrubbedChunk(chunk, [scrub_record(record) for record in chunk.records])


class StepWorker:
    def __init__(
        self,
        broker: FakeBroker,
        transactional_id: str,
        *,
        limits: dict[str, int] | None = None,
        reset: Literal["earliest", "latest"] = "earliest",
    ) -> None:
        self.events = Events()
        self.clients = FakeClients(broker, GROUP, transactional_id, auto_offset_reset=reset)
        self.ownership = Ownership()
        self.read: deque[Chunk] = deque()
        self.scrubbed: deque[ScrubbedChunk] = deque()
        self.attempt = 1
        routes = RouteTable([Route("all", (IN,))])
        self.sink = TransactionalSink(
            self.clients,
            self.ownership,
            Outbox(routes, seal, limits or {}),
            patience=Patience(0, self.events, threading.Event()),
            slow_transaction_secs=60,
            telemetry=self.events,
        )
        consumer = self.clients.consumer()
        self.source = Source(
            consumer,
            self.ownership,
            Placement(consumer, eager=False, auto_offset_reset=reset, ask_secs=0),
            limits=ChunkLimits(max_records=5, max_bytes=1_000_000, max_wait_ms=0),
            delivery="exactly_once",
            release_timeout_secs=0,
            telemetry=self.events,
            patience_secs=0,
        )
        self.sink.open()
        self.source.open(routes.subscription())

    def poll(self) -> None:
        chunk = self.source.next_chunk()
        if chunk is not None:
            self.read.append(chunk)

    def hold(self) -> None:
        """A turn without room for what could be read."""
        self.source.hold()

    def scrub(self) -> None:
        if self.read:
            self.scrubbed.append(scrub(self.read.popleft()))

    def commit(self) -> None:
        """One attempt; a rewind is left for the next `poll`, and nothing is committed before it."""
        if not self.scrubbed or self.ownership.rewind_wanted:
            return
        outcome = self.sink.commit(self.scrubbed[0], self.attempt)
        self.attempt += 1
        if outcome is not Commit.AGAIN:
            self.scrubbed.popleft()
            self.attempt = 1

    def work(self, turns: int = 20) -> None:
        for _ in range(turns):
            self.poll()
            self.scrub()
            self.commit()

    def close(self) -> None:
        self.sink.close()
        self.source.close()


def committed(broker: FakeBroker, topic: str) -> list[list[bytes]]:
    """Values that are committed in a topic, one list for each partition.

    Also those that readers do not get yet, as an older transaction in that partition is still open: transactions are
    atomic in what they commit; what is seen of it may wait in one partition and not in another.
    """
    numbers = range(broker.partition_count(topic))
    return [[entry.value or b"" for entry in broker.log(topic, number) if entry.visible] for number in numbers]
