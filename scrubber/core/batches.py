"""Group rows of different lengths into padded batches."""

from __future__ import annotations

from collections.abc import Sequence


def batches(lengths: Sequence[int], *, budget: int, max_rows: int) -> list[list[int]]:
    """Return groups of row numbers, longest rows first, so that little of a batch is padding.

    A batch costs its longest row times its rows, which is what the device computes, and never more than `budget`; only
    a row that is longer than `budget` on its own goes alone. Every row is in exactly one batch.
    """
    groups: list[list[int]] = []
    room = 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if room == 0:
            groups.append([])
            room = max(1, min(max_rows, budget // max(1, lengths[row])))
        groups[-1].append(row)
        room -= 1
    return groups
