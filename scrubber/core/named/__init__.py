"""Values whose name stands in a field of its own, not before them: one file for each way in which logs do that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

WAYS = (
    *(attributes, binds, conditions, copies, dumps, forms, hashes),
    *(headers, inserts, labels, refusals, segments, tables, tags),
)

MARKS = tuple(way.MARK for way in WAYS)
"""What is in every text that holds a value of each way: patterns, in the syntax of rules."""

__all__ = ["MARKS", "WAYS", "NamedValue", "named_values"]


def named_values(text: bytes, ways: Iterable[int]) -> Iterator[NamedValue]:
    """Yield the scalars of `text` that are named from elsewhere in one of `ways` (places of the marks that it has),
    once for each of their names.
    """
    return chain.from_iterable(WAYS[way].named_values(text) for way in ways)
