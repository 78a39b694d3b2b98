"""Cut a long sequence into overlapping windows that a model can read whole."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate


def windows(sizes: Sequence[int], *, max_items: int, budget: int, overlap: int) -> list[range]:
    """Return ranges of item numbers, in order, that together hold every item.

    `sizes[i]` is the size of item `i` (its tokens, where items are words) and must not exceed `budget`; no window holds
    more than `max_items` items or more than `budget` in sizes, and each brings a new one. Neighbours share `overlap`
    items, or what they have room for (half of the earlier window at most): as long as windows hold at least twice as
    many, any run of up to `overlap` items lies whole within one. The ranges depend on nothing but the arguments.
    """
    assert max_items > 0, "A window must hold an item. This is a bug."
    ends = [0, *accumulate(sizes)]
    found: list[range] = []
    start = 0
    while start < len(sizes):
        stop = min(start + max_items, bisect_right(ends, ends[start] + budget) - 1, len(sizes))
        assert stop > start, "An item is larger than a window. This is a bug."
        found.append(range(start, stop))
        if stop == len(sizes):
            break
        room_for_next = bisect_left(ends, ends[stop + 1] - budget)
        start = max(room_for_next, stop - min(overlap, (stop - start) // 2))
    return found
