"""Values whose name stands in a field of its own, not before them: one file for each way in which logs do that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from scrubber.core.named import (
    attributes,
    binds,
    conditions,
    copies,
    dumps,
    forms,
    hashes,
    headers,
    inserts,
    labels,
    refusals,
    segments,
    tables,
    tags,
)
from scrubber.core.named.base import NamedValue

_WAYS = (
    *(attributes, binds, conditions, copies, dumps, forms, hashes),
    *(headers, inserts, labels, refusals, segments, tables, tags),
)

MARK = "|".join(way.MARK for way in _WAYS)
"""What is in every text that holds such a value: a pattern, in the syntax of rules."""

__all__ = ["MARK", "NamedValue", "named_values"]


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the scalars of `text` that are named from elsewhere, once for each of their names."""
    return chain.from_iterable(way.named_values(text) for way in _WAYS)
