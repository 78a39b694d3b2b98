"""From candidates to entities: the best score takes its words, in the library's order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrubber.detect.gliner.batch import Batch, Candidates
from scrubber.detect.gliner.rows import Entity


def decode(candidates: Candidates, batch: Batch, labels: Sequence[str]) -> list[list[Entity]]:
    """Return the entities of each row, left to right; no two share a word.

    Higher scores go first, equal ones in order of start, width and label.
    """
    found: list[list[Entity]] = [[] for _ in batch.words]
    taken = [bytearray(words) for words in batch.words.tolist()]
    order = np.argsort(-candidates.scores, kind="stable")
    columns = (column[order].tolist() for column in candidates)
    for row, start, width, label, score in zip(*columns, strict=True):
        last = start + width
        if taken[row].find(1, start, last + 1) < 0:
            taken[row][start : last + 1] = b"\x01" * (width + 1)
            found[row].append(Entity(start, last, labels[label], score))
    for entities in found:
        entities.sort()
    return found
