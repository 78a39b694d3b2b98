"""The sink without transactions: deliver, then let the consume thread commit the offsets.

A crash between the two writes records twice, never loses one. `flush() == 0` does not mean delivered, so failures are
collected by the producer-wide delivery callback.
"""

from __future__ import annotations

import time
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from scrubber.core.records import ScrubbedChunk
from scrubber.errors import FatalStreamError
from scrubber.stream import faults
from scrubber.stream.outbox import Outbox
from scrubber.stream.ownership import Ownership
from scrubber.stream.ports import Clients, ProducerClient
from scrubber.stream.sink import MAX_ATTEMPTS, Commit, report
from scrubber.telemetry import ChunkCommitted, ClientError, ProducerRebuilt, Telemetry

FLUSH_SECS = 60.0


class AtLeastOnceSink:
    """Delivers scrubbed chunks at least once. Arguments as of `TransactionalSink`."""

    def __init__(self, clients: Clients, ownership: Ownership, outbox: Outbox, *, telemetry: Telemetry) -> None:
        self._clients = clients
        self._ownership = ownership
        self._outbox = outbox
        self._telemetry = telemetry
        self._producer: ProducerClient | None = None
        self._undelivered: list[faults.Undelivered] = []

    def open(self) -> None:
        """Create the producer; it connects by itself."""
        self._producer = self._clients.producer(self._on_error, self._on_delivery_error)

    def commit(self, done: ScrubbedChunk, attempt: int = 1) -> Commit:
        """Deliver what is still owned of `done` and hand its offsets over; raises `FatalStreamError`."""
        assert self._producer is not None, "A sink that is not open. This is a bug."
        with self._ownership.claim(done.chunk.epochs) as claim:
            if not claim.partitions:
                self._telemetry.emit(ChunkCommitted(0, 0, 0, len(done.outcomes), 0.0, 0.0))
                return Commit.DONE
            self._undelivered.clear()
            started = time.monotonic()
            try:
                sent = self._outbox.produce(self._producer, done, claim.partitions)
                produced = time.monotonic()
                left = self._producer.flush(FLUSH_SECS)
            except KafkaException as exception:
                return self._again(faults.kafka_error(exception), attempt)
            if self._undelivered:
                return self._again(self._undelivered[0].error, attempt)
            if left:
                return self._again(KafkaError(KafkaError._MSG_TIMED_OUT), attempt)  # noqa: SLF001
            self._ownership.finish(sent.next_offsets, done.chunk.epochs)
            report(self._telemetry, sent, produced - started, time.monotonic() - produced)
        return Commit.DONE

    def close(self) -> None:
        """Close the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()

    def _again(self, error: KafkaError, attempt: int) -> Commit:
        """A new producer and the same results from memory: what had arrived will arrive twice."""
        too_large = faults.largest_refused(self._undelivered)
        for topic, size in too_large.items():
            self._outbox.lower_limit(topic, size)
        if not too_large and (attempt >= MAX_ATTEMPTS or faults.verdict(error) is faults.Verdict.REFUSED):
            raise FatalStreamError(f"records cannot be delivered: {error.str()}", faults.code_name(error))
        self._telemetry.emit(ProducerRebuilt(faults.code_name(error)))
        self.close()
        self.open()
        return Commit.AGAIN

    def _on_error(self, error: KafkaError) -> None:
        self._telemetry.emit(ClientError("producer", faults.code_name(error)))

    def _on_delivery_error(self, error: KafkaError, message: Any) -> None:
        self._undelivered.append(faults.undelivered(error, message))
