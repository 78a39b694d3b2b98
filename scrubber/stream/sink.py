"""One transaction for each chunk: clean + audit + quarantine + consumed offsets. Runs on the commit thread only.

Rule 1: offsets leave here only inside a transaction, nothing is produced outside one, and it begins with the first
produce (an idle worker holds none open).
Rule 2: after an abortable error the same results are sent again from memory; nothing is read or detected twice.
Rule 3: an error that cannot be classed, or a slow commit, costs the producer: a late EndTxn that librdkafka retries by
itself must not meet the next transaction (KAFKA-17754). `init_transactions` of the new one settles the old transaction,
and the consumer goes back to what is committed.
A topic that a producer has written to and then does not know is asked for once more by a new one, which waits for it.
Rule 4: fenced means that another worker has this transactional id. Exit, never rebuild: two would fence each other for
ever.
"""

from __future__ import annotations

import time
from enum import Enum, auto
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from scrubber.core.records import ScrubbedChunk
from scrubber.errors import FatalStreamError
from scrubber.stream import faults
from scrubber.stream.faults import Verdict
from scrubber.stream.outbox import Outbox, Sent
from scrubber.stream.ownership import Claim, Ownership
from scrubber.stream.patience import Patience
from scrubber.stream.ports import Clients, ProducerClient
from scrubber.telemetry import (
    ChunkCommitted,
    ClientError,
    ProducerRebuilt,
    RecordsQuarantined,
    Telemetry,
    TransactionAborted,
)

MAX_ATTEMPTS = 5
CALL_SECS = 30.0
UNTIL_TRANSACTION_TIMEOUT = -1.0
FIND_CAUSE_SECS = 0.1


class Commit(Enum):
    """What became of one attempt to commit a chunk."""

    DONE = auto()
    AGAIN = auto()
    REWIND = auto()


class TransactionalSink:
    """Commits scrubbed chunks exactly once.

    Args:
        clients: makes producers.
        ownership: shared with the consume thread.
        outbox: turns outcomes into messages.
        patience: retries `init_transactions` while the cluster is away.
        slow_transaction_secs: a transaction that took longer costs the producer (rule 3).
        telemetry: receives commits, aborts and rebuilds.
    """

    def __init__(
        self,
        clients: Clients,
        ownership: Ownership,
        outbox: Outbox,
        *,
        patience: Patience,
        slow_transaction_secs: float,
        telemetry: Telemetry,
    ) -> None:
        self._clients = clients
        self._ownership = ownership
        self._outbox = outbox
        self._patience = patience
        self._slow_transaction_secs = slow_transaction_secs
        self._telemetry = telemetry
        self._producer: ProducerClient | None = None
        self._fatal: KafkaError | None = None
        self._has_committed = False  # the producer of now
        self._undelivered: list[faults.Undelivered] = []

    def open(self) -> None:
        """Create the producer and settle what the last holder of its transactional id left; raises FatalStreamError."""
        self._fatal = None
        self._has_committed = False
        self._producer = self._clients.producer(self._on_error, self._on_delivery_error)
        try:
            self._patience.call(lambda: self._init_transactions(self._producer), "transaction coordinator")
        except KafkaException as exception:
            error = faults.kafka_error(exception)
            raise FatalStreamError(f"transactions cannot start: {error.str()}", faults.code_name(error)) from None

    def commit(self, done: ScrubbedChunk, attempt: int = 1) -> Commit:
        """Try once to commit what is still owned of `done`; raises `FatalStreamError`."""
        with self._ownership.claim(done.chunk.epochs) as claim:
            if not claim.partitions:
                self._telemetry.emit(ChunkCommitted(0, 0, 0, len(done.outcomes), 0.0, 0.0))
                return Commit.DONE
            try:
                self._transact(done, claim)
            except KafkaException as exception:
                return self._after(faults.kafka_error(exception), attempt)
        return Commit.DONE

    def close(self) -> None:
        """Close the producer; a transaction left open is aborted."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close()
            except KafkaException as exception:
                self._telemetry.emit(ClientError("producer", faults.code_name(faults.kafka_error(exception))))

    def _transact(self, done: ScrubbedChunk, claim: Claim) -> None:
        producer = self._open_producer()
        self._undelivered.clear()
        started = time.monotonic()
        producer.begin_transaction()
        sent = self._outbox.produce(producer, done, claim.partitions)
        produced = time.monotonic()
        offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in sent.next_offsets.items()]
        producer.send_offsets_to_transaction(offsets, claim.metadata, CALL_SECS)
        producer.commit_transaction(UNTIL_TRANSACTION_TIMEOUT)
        committed = time.monotonic()
        self._has_committed = True
        report(self._telemetry, sent, produced - started, committed - produced)
        if committed - started > self._slow_transaction_secs:
            self._rebuild("slow transaction")

    # -- when it goes wrong ------------------------------------------------------------------------------------------

    def _after(self, error: KafkaError, attempt: int) -> Commit:
        verdict = self._verdict(error)
        if verdict is Verdict.ABORT and attempt < MAX_ATTEMPTS:
            aborting = self._abort()
            if aborting is None:
                self._telemetry.emit(TransactionAborted(faults.code_name(error), attempt))
                return self._after_abort()
            error, verdict = aborting, self._verdict(aborting)
        if verdict is Verdict.REBUILD:
            error = self._cause_of(error)
            verdict = self._verdict(error)
        if verdict is Verdict.FENCED:
            raise FatalStreamError("fenced: another worker has this transactional id", faults.code_name(error))
        if verdict is Verdict.REFUSED:
            raise FatalStreamError(f"the cluster refuses the transaction: {error.str()}", faults.code_name(error))
        return self._start_over(error)

    def _verdict(self, error: KafkaError) -> Verdict:
        verdict = faults.verdict(error)
        if verdict is Verdict.TOPIC_UNKNOWN:
            return Verdict.REBUILD if self._has_committed else Verdict.REFUSED
        return verdict

    def _start_over(self, error: KafkaError) -> Commit:
        self._rebuild(faults.code_name(error))
        self._ownership.want_rewind()
        return Commit.REWIND

    def _abort(self) -> KafkaError | None:
        try:
            self._open_producer().abort_transaction(UNTIL_TRANSACTION_TIMEOUT)
        except KafkaException as exception:
            return faults.kafka_error(exception)
        return None

    def _after_abort(self) -> Commit:
        """Find out from the failed deliveries why the transaction had to be aborted."""
        for failure in self._undelivered:
            if faults.verdict(failure.error) is Verdict.TOPIC_UNKNOWN and self._has_committed:
                return self._start_over(failure.error)
            if self._verdict(failure.error) is Verdict.REFUSED:
                raise FatalStreamError(
                    f"topic {failure.topic!r} refuses records: {failure.error.str()}", faults.code_name(failure.error)
                )
        for topic, size in faults.largest_refused(self._undelivered).items():
            self._outbox.lower_limit(topic, size)
        return Commit.AGAIN

    def _cause_of(self, error: KafkaError) -> KafkaError:
        """A fenced producer may first say only `_FATAL`, not even flagged fatal; its next `poll` tells the cause."""
        try:
            self._open_producer().poll(FIND_CAUSE_SECS)
        except KafkaException as exception:
            error = faults.kafka_error(exception)
        return self._fatal or error

    def _rebuild(self, code: str) -> None:
        self._telemetry.emit(ProducerRebuilt(code))
        self.close()
        self.open()

    def _open_producer(self) -> ProducerClient:
        assert self._producer is not None, "A sink that is not open. This is a bug."
        return self._producer

    # -- callbacks: they run inside producer calls and never raise ---------------------------------------------------

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error
        self._telemetry.emit(ClientError("producer", faults.code_name(error)))

    def _on_delivery_error(self, error: KafkaError, message: Any) -> None:
        self._undelivered.append(faults.undelivered(error, message))

    @staticmethod
    def _init_transactions(producer: ProducerClient | None) -> None:
        assert producer is not None, "No producer to start. This is a bug."
        producer.init_transactions(CALL_SECS)


def report(telemetry: Telemetry, sent: Sent, produce_secs: float, commit_secs: float) -> None:
    """Tell what one chunk became."""
    for reason, count in sent.quarantined.items():
        telemetry.emit(RecordsQuarantined(count, reason, sent.quarantined_bytes[reason]))
    telemetry.emit(
        ChunkCommitted(
            records=sent.records,
            quarantined=sum(sent.quarantined.values()),
            audited=sent.audited,
            dropped_stale=sent.dropped_stale,
            produce_secs=produce_secs,
            commit_secs=commit_secs,
            clean_bytes=sent.clean_bytes,
            next_offsets=tuple((*partition, offset) for partition, offset in sent.next_offsets.items()),
        )
    )
