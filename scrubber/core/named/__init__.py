"""Values whose name stands in a field of its own, not before them: one file for each way in which logs do that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from scrubber.core.named import attributes, inserts, labels
from scrubber.core.named.base import NamedValue

_MARKS = (*attributes.MARKS, *inserts.MARKS, *labels.MARKS)

__all__ = ["NamedValue", "may_name", "named_values"]


def may_name(texts: bytes) -> bool:
    """Whether one of many texts, joined, may hold such a value. Cheap: mostly there is none."""
    return any(mark in texts for mark in _MARKS)


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the scalars of `text` that are named from elsewhere, once for each of their names."""
    return chain(attributes.named_values(text), inserts.named_values(text), labels.named_values(text))
