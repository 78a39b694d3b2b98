"""An in-memory Kafka that answers as the real one does; `tests/contract` keeps it honest."""

from tests.fakes.broker import FakeBroker
from tests.fakes.clients import FakeClients
from tests.fakes.consumer import FakeConsumer, GroupMetadata
from tests.fakes.faults import ClientCrashed
from tests.fakes.producer import FakeProducer

__all__ = ["ClientCrashed", "FakeBroker", "FakeClients", "FakeConsumer", "FakeProducer", "GroupMetadata"]
