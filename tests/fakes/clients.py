"""`ports.Clients` on the fake broker: the clients of one worker process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from confluent_kafka import Message

from tests.fakes.broker import FakeBroker
from tests.fakes.consumer import FakeConsumer
from tests.fakes.log import Isolation
from tests.fakes.producer import FakeProducer


class FakeClients:
    """Makes clients and remembers them, so that `broker.crash(clients)` kills the whole worker.

    `latest_consumer` and `latest_producer` are what the worker uses now; it may have closed earlier ones.
    """

    def __init__(
        self,
        broker: FakeBroker,
        group: str,
        transactional_id: str | None = None,
        *,
        assignment: Literal["cooperative-sticky", "range"] = "cooperative-sticky",
        isolation: Isolation = "read_committed",
        auto_offset_reset: Literal["earliest", "latest"] = "earliest",
        session_secs: float = 45.0,
        max_poll_secs: float = 300.0,
        transaction_timeout_secs: float = 60.0,
        message_max_bytes: int = 1_000_000,
        linger_messages: int = 1,
    ) -> None:
        self.consumers: list[FakeConsumer] = []
        self.producers: list[FakeProducer] = []
        self._broker = broker
        self._group = group
        self._transactional_id = transactional_id
        self._assignment = assignment
        self._isolation: Isolation = isolation
        self._auto_offset_reset: Literal["earliest", "latest"] = auto_offset_reset
        self._session_secs = session_secs
        self._max_poll_secs = max_poll_secs
        self._transaction_timeout_secs = transaction_timeout_secs
        self._message_max_bytes = message_max_bytes
        self._linger_messages = linger_messages

    def consumer(self, on_error: Callable[[Any], None] = lambda _error: None) -> FakeConsumer:
        """A new group member, not yet subscribed."""
        made = FakeConsumer(
            self._broker,
            self._group,
            cooperative=self._assignment == "cooperative-sticky",
            isolation=self._isolation,
            auto_offset_reset=self._auto_offset_reset,
            session_secs=self._session_secs,
            max_poll_secs=self._max_poll_secs,
            on_error=on_error,
            owner=self,
        )
        self.consumers.append(made)
        return made

    def producer(
        self,
        on_error: Callable[[Any], None] = lambda _error: None,
        on_delivery_error: Callable[[Any, Message], None] = lambda _error, _message: None,
    ) -> FakeProducer:
        """A new producer; transactional where the worker has an id."""
        made = FakeProducer(
            self._broker,
            self._transactional_id,
            transaction_timeout_secs=self._transaction_timeout_secs,
            message_max_bytes=self._message_max_bytes,
            linger_messages=self._linger_messages,
            on_delivery_error=on_delivery_error,
            owner=self,
        )
        self.producers.append(made)
        return made

    def members(self) -> list[FakeConsumer | FakeProducer]:
        """What `FakeBroker.crash` kills."""
        return [*self.consumers, *self.producers]

    @property
    def latest_consumer(self) -> FakeConsumer:
        """The consumer that the worker uses now."""
        return self.consumers[-1]

    @property
    def latest_producer(self) -> FakeProducer:
        """The producer that the worker uses now."""
        return self.producers[-1]
