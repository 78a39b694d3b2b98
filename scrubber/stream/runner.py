"""poll -> scrub -> commit: the worker. Read this file first.

Three threads, one for each resource, with bounded queues between them, so that fetching, detecting and committing of
successive chunks overlap:

    consume   owns the consumer; runs on the thread that calls `run`, where signals arrive as well
    detect    owns the detectors; begins a chunk before the one before is finished, so that they never wait
    commit    owns the producer

Stopping is the same path as working: the consume thread puts `None` into the first queue, the others pass it on behind
the last chunk, and the consumer leaves the group when everything before it is committed or the drain time is over. What
is not committed then will be read again by whoever owns the partitions next.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from scrubber.core.records import Begin, Chunk, Finish, Quarantined, ScrubbedChunk
from scrubber.errors import FatalStreamError, Reason
from scrubber.stream.at_least_once import AtLeastOnceSink
from scrubber.stream.brake import QuarantineBrake
from scrubber.stream.outbox import Outbox, Seal
from scrubber.stream.ownership import Ownership
from scrubber.stream.patience import Patience
from scrubber.stream.placement import Placement
from scrubber.stream.ports import Clients
from scrubber.stream.routes import RouteTable
from scrubber.stream.settings import StreamSettings
from scrubber.stream.sink import Commit, TransactionalSink
from scrubber.stream.source import POLL_SECS, Source
from scrubber.stream.watchdog import Watchdog
from scrubber.telemetry import ChunkScrubbed, ClientError, Telemetry, WorkerStarted, WorkerStopped

REFRESH_SECS = 1.0
BEGUN_CHUNKS = 3
Item = TypeVar("Item")


class Runner:
    """One worker: a member of the consumer group that scrubs what it is given until it is stopped.

    Args:
        settings: of the stream room.
        clients: makes the consumer and the producers.
        begin: begins to scrub a chunk, and returns what waits for the outcome. Both are called on the detect thread
            only, chunks are finished in order, and what either raises ends the worker.
        seal: makes the quarantine envelope of a record that is too large for its topic.
        limits: largest message of each output topic, bytes, as far as known.
        telemetry: receives everything that happens.
        turned: told by each loop (consume, detect, commit) that it came round, several times a second.
    """

    def __init__(
        self,
        settings: StreamSettings,
        clients: Clients,
        begin: Begin,
        *,
        seal: Seal,
        limits: Mapping[str, int],
        telemetry: Telemetry,
        turned: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._begin = begin
        self._telemetry = telemetry
        self._turned = turned
        self._routes = RouteTable(settings.routes)
        self._ownership = Ownership()
        self._brake = QuarantineBrake(settings.brake)
        self._watchdog = Watchdog(settings.watchdog_secs, telemetry)
        self._stopping = threading.Event()
        self._abandoned = threading.Event()
        self._stop_reason = "done"
        self._failure: BaseException | None = None
        self._to_scrub: queue.Queue[Chunk | None] = queue.Queue(settings.queue_depth)
        self._to_commit: queue.Queue[ScrubbedChunk | None] = queue.Queue(settings.queue_depth)
        self._records = 0
        self._commits = 0
        outbox = Outbox(self._routes, seal, dict(limits))
        self._sink = self._make_sink(clients, outbox)
        consumer = clients.consumer(lambda error: telemetry.emit(ClientError("consumer", str(error.name()))))
        kafka = settings.kafka
        self._source = Source(
            consumer,
            self._ownership,
            Placement(
                consumer,
                eager=kafka.group_protocol == "classic" and kafka.assignment != "cooperative-sticky",
                auto_offset_reset=kafka.auto_offset_reset,
            ),
            limits=settings.chunk,
            delivery=settings.delivery,
            release_timeout_secs=settings.drain_timeout_secs,
            telemetry=telemetry,
        )

    def run(self) -> None:
        """Work until `stop` is called; raises what ended the worker early (a `ScrubberError`, or a bug)."""
        settings = self._settings
        subscription = self._routes.subscription()
        self._telemetry.emit(WorkerStarted(settings.delivery, settings.kafka.group_id, ", ".join(subscription)))
        self._watchdog.start()
        stages = [self._start("detect", self._detect), self._start("commit", self._commit)]
        try:
            self._source.open(subscription)
            self._consume()
            self._drain(stages)
        except BaseException as exception:  # noqa: BLE001 - raised below, once everything is closed
            self._fail(exception)
        finally:
            self._close(stages)
        self._telemetry.emit(WorkerStopped(self._outcome(), self._records, self._commits))
        if self._failure is not None:
            raise self._failure

    def stop(self, reason: str) -> None:
        """Finish what is in flight, commit it, leave the group. Safe to call from a signal handler."""
        self._stop_reason = reason
        self._stopping.set()

    # -- the three threads -------------------------------------------------------------------------------------------

    def _consume(self) -> None:
        while not self._stopping.is_set():
            self._turned("consume")
            chunk = self._source.next_chunk()
            if chunk is not None:
                self._hand_over(chunk)

    def _detect(self) -> None:
        begun: deque[tuple[Chunk, float, Finish]] = deque()
        before, more = 0.0, True
        while (more or begun) and not self._abandoned.is_set():
            if more and (not begun or (len(begun) < BEGUN_CHUNKS and not self._to_scrub.empty())):
                chunk = self._take(self._to_scrub)
                if chunk is None:
                    more = False
                else:
                    begun.append((chunk, time.monotonic(), self._begin(chunk)))
                continue
            chunk, started, finish = begun.popleft()
            done = finish()
            ended = time.monotonic()
            seconds = ended - max(started, before)
            self._source.pace.learn(len(chunk.records), seconds)
            self._telemetry.emit(ChunkScrubbed(len(chunk.records), chunk.byte_size, seconds))
            before = ended
            self._put(self._to_commit, done)
        self._put(self._to_commit, None)

    def _commit(self) -> None:
        try:
            with self._watchdog.watching():
                self._sink.open()
        except FatalStreamError:
            if self._stopping.is_set():  # told to stop while waiting for a cluster that never came
                return
            raise
        try:
            while (done := self._take(self._to_commit)) is not None:
                self._brake_on(done)
                self._commit_chunk(done)
        finally:
            with self._watchdog.watching():
                self._sink.close()

    def _commit_chunk(self, done: ScrubbedChunk) -> None:
        attempt = 1
        while not self._abandoned.is_set():
            self._turned("commit")
            with self._watchdog.watching():
                outcome = self._sink.commit(done, attempt)
            if outcome is Commit.DONE:
                self._commits += 1
                self._records += len(done.outcomes)
                return
            if outcome is Commit.REWIND:
                self._ownership.wait_until_rewound(self._abandoned.is_set)
                return
            attempt += 1
            self._ownership.wait_for_refresh(REFRESH_SECS)

    # -- between them ------------------------------------------------------------------------------------------------

    def _hand_over(self, chunk: Chunk) -> None:
        """Queue the next chunk; while there is no room, stay a member of the group. A rewind or a stop drops it."""
        while not self._offer(chunk) and not self._stopping.is_set() and not self._ownership.rewind_wanted:
            self._turned("consume")
            self._source.hold()

    def _offer(self, chunk: Chunk | None) -> bool:
        try:
            self._to_scrub.put(chunk, timeout=POLL_SECS)
        except queue.Full:
            return False
        return True

    def _put(self, stage: queue.Queue[Item], item: Item) -> bool:
        while not self._abandoned.is_set():
            self._turned(threading.current_thread().name)
            try:
                stage.put(item, timeout=POLL_SECS)
            except queue.Full:
                continue
            return True
        return False

    def _take(self, stage: queue.Queue[Item | None]) -> Item | None:
        while not self._abandoned.is_set():
            self._turned(threading.current_thread().name)
            try:
                return stage.get(timeout=POLL_SECS)
            except queue.Empty:
                continue
        return None

    def _brake_on(self, done: ScrubbedChunk) -> None:
        quarantined = [each for each in done.outcomes if type(each) is Quarantined]
        by_fault = sum(1 for each in quarantined if each.reason is not Reason.POLICY_DROP)
        self._brake.check(len(done.outcomes), by_fault)

    # -- starting and stopping ---------------------------------------------------------------------------------------

    def _make_sink(self, clients: Clients, outbox: Outbox) -> TransactionalSink | AtLeastOnceSink:
        if self._settings.delivery == "at_least_once":
            return AtLeastOnceSink(clients, self._ownership, outbox, telemetry=self._telemetry)
        patience = Patience(self._settings.start_timeout_secs, self._telemetry, self._stopping)
        return TransactionalSink(
            clients,
            self._ownership,
            outbox,
            patience=patience,
            slow_transaction_secs=self._settings.slow_transaction_secs,
            telemetry=self._telemetry,
        )

    def _start(self, name: str, body: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                body()
            except BaseException as exception:  # noqa: BLE001 - raised again by `run`
                self._fail(exception)

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _drain(self, stages: list[threading.Thread]) -> None:
        """Let the pipeline finish what it has, within the drain time; the group must not expel us meanwhile."""
        deadline = time.monotonic() + self._settings.drain_timeout_secs
        self._source.drop_open_chunk()
        told = False
        while any(stage.is_alive() for stage in stages) and time.monotonic() < deadline:
            if self._ownership.rewind_wanted:
                return  # what is in the pipeline is stale
            self._turned("consume")
            told = told or self._offer(None)
            self._source.hold()
            stages[-1].join(POLL_SECS)

    def _close(self, stages: list[threading.Thread]) -> None:
        self._stopping.set()
        self._abandoned.set()
        for stage in stages:
            stage.join(REFRESH_SECS)
        self._source.close()
        self._watchdog.close()

    def _fail(self, exception: BaseException) -> None:
        """The first failure ends the worker: nothing that is not committed yet will be."""
        if self._failure is None:
            self._failure = exception
        self._stopping.set()
        self._abandoned.set()

    def _outcome(self) -> str:
        if self._failure is None:
            return self._stop_reason
        code = self._failure.code if isinstance(self._failure, FatalStreamError) else ""
        return code or type(self._failure).__name__
