"""One suite, three clusters. What librdkafka's mock cluster cannot do stands in one table (`LACKS`).

A test that needs such a capability (`@pytest.mark.needs(...)`) is not collected for that cluster, and the report says
how many and why; `test_capabilities.py` fails on the day when the table is out of date.
"""

from __future__ import annotations

import pytest

from scrubber.stream.mock_cluster import MockCluster
from tests.contract.clusters import FakeCluster, Mock, RealCluster

CLUSTERS = ("fake", "mock", "kafka")
LACKS = {
    "mock": {
        "transactions": "readers see open and aborted records; no fencing, no timeout",
        "size_limits": "no max.message.bytes",
        "missing_topics": "every topic that is asked for is created",
    },
}
_left_out = pytest.StashKey[dict[tuple[str, str], int]]()


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(capability): not collected for a cluster that lacks it")
    config.stash[_left_out] = {}


def pytest_generate_tests(metafunc):
    if "cluster" in metafunc.fixturenames:
        marks = {"kafka": [pytest.mark.kafka]}
        metafunc.parametrize(
            "cluster", [pytest.param(name, marks=marks.get(name, [])) for name in CLUSTERS], indirect=True
        )


def pytest_collection_modifyitems(config, items):
    kept, dropped = [], []
    for item in items:
        lacking = _lacking(item)
        if lacking:
            config.stash[_left_out][lacking] = config.stash[_left_out].get(lacking, 0) + 1
        (dropped if lacking else kept).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_terminal_summary(terminalreporter, config):
    for (cluster, capability), count in sorted(config.stash[_left_out].items()):
        terminalreporter.write_line(f"contract: {count} not for {cluster}: {LACKS[cluster][capability]}")


def _lacking(item):
    callspec = getattr(item, "callspec", None)
    cluster = callspec.params.get("cluster") if callspec else None
    for mark in item.iter_markers("needs"):
        if mark.args[0] in LACKS.get(cluster, {}):
            return cluster, mark.args[0]
    return None


@pytest.fixture(scope="module")
def cluster(request):
    """A cluster for a module of tests: names are unique, so they do not meet."""
    if request.param == "fake":
        return FakeCluster()
    return request.getfixturevalue("mock" if request.param == "mock" else "apache_kafka")


@pytest.fixture(scope="session")
def apache_kafka(kafka):
    return RealCluster(kafka.bootstrap)


@pytest.fixture(scope="session")
def mock():
    process = MockCluster({})
    with process as bootstrap:
        yield Mock(process, bootstrap)
