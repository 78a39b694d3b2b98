"""What is kept of what was worked on."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def bytes_kept(once: Callable[[], object], times: int = 200) -> int:
    """Return how many bytes the process holds more after calling `once` that many times, the first apart."""
    once()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(times):
            once()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
