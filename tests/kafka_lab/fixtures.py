"""Kafka for tests, as pytest fixtures. `tests/conftest.py` names this module in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.kafka_lab.cluster import Kafka, any_kafka
from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.proxy import TcpProxy
from tests.kafka_lab.security import Security

SECURE_USERS = {"scrubber": "made-up-password-1", "stranger": "made-up-password-2"}
LOGGED_FIXTURES = ("kafka", "kafka3", "secure_kafka", "proxied_kafka")


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


class ProxiedKafka(NamedTuple):
    """A node that clients reach only through `proxy`; `kafka.internal_bootstrap` goes round it."""

    kafka: LocalKafka
    proxy: TcpProxy


@pytest.fixture(scope="module")
def proxied_kafka() -> Iterator[ProxiedKafka]:
    """The node and the proxy behind `kafka_proxy`."""
    with TcpProxy() as proxy, LocalKafka(advertised=[proxy.address]) as running:
        proxy.forward_to(running.nodes[0].client_address)
        yield ProxiedKafka(running, proxy)


@pytest.fixture
def kafka_proxy(proxied_kafka: ProxiedKafka) -> Iterator[ProxiedKafka]:
    """One node behind a proxy, to cut, hold, slow and reset; each test finds it and leaves it in order."""
    yield proxied_kafka
    proxied_kafka.proxy.restore()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows the end of its brokers' logs."""
    report = yield
    if report.failed:
        for name in LOGGED_FIXTURES:
            if name in getattr(item, "funcargs", {}):
                report.sections.append((f"log of {name}", _cluster(item.funcargs[name]).log_tail()))
    return report


def _cluster(fixture: Kafka | ProxiedKafka) -> Kafka:
    return fixture.kafka if isinstance(fixture, ProxiedKafka) else fixture
