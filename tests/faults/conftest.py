"""The soak is for `make soak` (`-m soak`) only."""

from __future__ import annotations


def pytest_collection_modifyitems(config, items):
    if "soak" in config.option.markexpr:
        return
    soaks = [item for item in items if item.get_closest_marker("soak")]
    if soaks:
        config.hook.pytest_deselected(items=soaks)
        items[:] = [item for item in items if item not in soaks]
