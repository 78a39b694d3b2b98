"""Kafka for tests, as pytest fixtures. `tests/conftest.py` names this module in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kafka_lab.cluster import Kafka, any_kafka
from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.security import Security

SECURE_USERS = {"scrubber": "made-up-password-1", "stranger": "made-up-password-2"}
LOGGED_FIXTURES = ("kafka", "kafka3", "secure_kafka")


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """One cluster for the whole run, shared: use unique names, and leave its nodes alone."""
    with any_kafka() as running:
        yield running


@pytest.fixture(scope="module")
def kafka3() -> Iterator[LocalKafka]:
    """Three nodes of one's own, to kill and start."""
    with LocalKafka(nodes=3) as running:
        yield running


@pytest.fixture(scope="module")
def secure_kafka() -> Iterator[LocalKafka]:
    """One node with passwords, certificates, tokens and ACLs; users as in SECURE_USERS."""
    with LocalKafka(security=Security(users=SECURE_USERS)) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows the end of its brokers' logs."""
    report = yield
    if report.failed:
        for name in LOGGED_FIXTURES:
            if name in getattr(item, "funcargs", {}):
                report.sections.append((f"log of {name}", item.funcargs[name].log_tail()))
    return report
