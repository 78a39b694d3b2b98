"""Garbage collection for processes that keep what they load and make many objects without cycles."""

from __future__ import annotations

import gc

_AFTER = 200_000  # new objects, more than all chunks under way have; 700, as is the default, took a tenth of the time


def look_rarely() -> None:
    """Look for garbage rarely: what is imported and loaded at the start is none, and looking took a tenth of it."""
    gc.set_threshold(_AFTER)


def leave_alone() -> None:
    """Never look through what there is now, rules and models, again: that cost a sixth of the time."""
    gc.freeze()
    look_rarely()
