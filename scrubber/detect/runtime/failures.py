"""What a device's exceptions mean, and the halving that follows from it.

The message of a foreign exception may quote its input, so none goes on: the type's name is all that is kept, and the
new exception is raised outside the `except` block, so that it has no context either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from scrubber.errors import DetectorError, DetectorFailed, DetectorOverloaded, ScrubberError

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_MEMORY_PHRASES = ("out of memory", "can't allocate memory", "failed to allocate", "alloc_failed")


def shielded(run: Callable[[], Answer]) -> Answer:
    """Call `run`; whatever it raises comes out as one of ours: overloaded when memory ran out, failed otherwise."""
    failure: DetectorError
    try:
        return run()
    except ScrubberError:
        raise
    except MemoryError:
        failure = DetectorOverloaded("The device has no memory left for this batch.")
    except Exception as error:  # noqa: BLE001 - every other kind has one meaning: stop, nothing raw goes on
        name = type(error).__name__
        # torch and onnxruntime report memory by RuntimeError and subclasses, told apart only by their text.
        if any(phrase in str(error).lower() for phrase in _MEMORY_PHRASES):
            failure = DetectorOverloaded("The device has no memory left for this batch.")
        else:
            failure = DetectorFailed(f"The model raised {name}.")
    raise failure


def halving(
    run: Callable[[Sequence[Item]], list[Answer]], items: Sequence[Item], release: Callable[[], None] = lambda: None
) -> list[Answer]:
    """Answer for `items`, in halves while the device is overloaded; one item that is too much fails for good.

    `release` is called after each overload, to give back what the device only caches.
    """
    try:
        return run(items)
    except DetectorOverloaded:
        release()
    if len(items) == 1:
        raise DetectorFailed("The device has no memory for one single window.")
    middle = len(items) // 2
    return [*halving(run, items[:middle], release), *halving(run, items[middle:], release)]
