"""Ctrl-C while a command starts.

Python raises KeyboardInterrupt wherever the main thread happens to be. Within an import that may be a place where
exceptions are ignored and where the lock of all imports is held: then nobody hears of the interrupt, the lock is never
given back, and as soon as another thread imports something too, each waits for the other.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from scrubber.cli.exits import Exit


@contextmanager
def starting() -> Iterator[None]:
    """Let Ctrl-C end the process at once until `started`: nothing is written yet that would have to be put in order.

    Whoever has a handler of his own, or lets the signal be ignored, keeps that.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        started()


def started() -> None:
    """Let Ctrl-C be a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(Exit.INTERRUPTED)
