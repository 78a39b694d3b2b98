"""The parts that users run, run: image, chart, other people's clients. For `make test-ops` (`-m ops`) only.

A part whose tool cannot be had on a machine is named and left out; a part whose test fails fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools.steps import TOOLS_SECS

HERE = Path(__file__).parent
TEST_SECS = 600  # of its own; the one that comes first also builds the tools


def pytest_collection_modifyitems(config, items):
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.ops)
        item.add_marker(pytest.mark.timeout(TEST_SECS + TOOLS_SECS))
    if ours and "ops" not in config.option.markexpr:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _left_out(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _left_out(item))


def _left_out(item):
    try:
        return (yield)
    except Unavailable as none:
        pytest.skip(f"{item.path.stem.removeprefix('test_')} left out: {none}")
