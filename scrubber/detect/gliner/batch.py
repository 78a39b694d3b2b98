"""A padded batch as arrays of numbers: everything a device needs, and no text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubber.detect.gliner.prompt import Prompt
from scrubber.detect.gliner.rows import Row
from scrubber.detect.gliner.words import Words

_LOGIT_SLACK = 1e-3


class Batch(NamedTuple):
    """Rows of token `ids` `[B, S]` with their `lengths` `[B]`, and the place of each word's first sub-token, `[B, W]`.

    `words` `[B]` counts the words. Padding of `first` points at the first token: what is read there is not used.
    """

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    first: NDArray[np.int64]
    words: NDArray[np.int64]


class Candidates(NamedTuple):
    """Spans of words that reach their thresholds, in order of row, start, width (its words less one) and label."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    widths: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]


class Answer(NamedTuple):
    """What was found in a batch, and the seconds that the device took: for copies there and back, and to compute."""

    candidates: Candidates
    copy_secs: float
    forward_secs: float

    def plus(self, other: Answer) -> Answer:
        """Return the answers for different rows of one batch as one."""
        some, more = self.candidates, other.candidates
        both = Candidates(
            np.concatenate((some.rows, more.rows)),
            np.concatenate((some.starts, more.starts)),
            np.concatenate((some.widths, more.widths)),
            np.concatenate((some.labels, more.labels)),
            np.concatenate((some.scores, more.scores)),
        )
        return Answer(both, self.copy_secs + other.copy_secs, self.forward_secs + other.forward_secs)


def floors(thresholds: Sequence[float]) -> NDArray[np.float32]:
    """Return the logit for each threshold below which nothing is worth a look; scores are compared exactly after it."""
    return np.array([_logit(threshold) - _LOGIT_SLACK for threshold in thresholds], np.float32)


def _logit(score: float) -> float:
    if score <= 0:
        return -math.inf
    if score > 1:
        return math.inf
    return math.log(score / (1 - score)) if score < 1 else 16.0


def collate(
    rows: Sequence[Row], texts: Sequence[Words], prompt: Prompt, pad_tokens_to: int = 1, pad_words_to: int = 1
) -> Batch:
    """Lay `rows` out behind `prompt`, padded to the longest one rounded up to the given multiples."""
    start = len(prompt.before)
    fixed = start + len(prompt.after)
    longest = fixed + max(row.tokens for row in rows)
    length = _rounded_up(longest, pad_tokens_to)
    most_words = _rounded_up(max(len(row.words) for row in rows), pad_words_to)
    ids = np.full((len(rows), length), prompt.padding, np.int64)
    ids[:, :start] = prompt.before
    first = np.zeros((len(rows), most_words), np.int64)
    for number, row in enumerate(rows):
        words = texts[row.text].ids[row.words.start : row.words.stop]
        flat = [token for word in words for token in word]
        stop = start + row.tokens
        ids[number, start:stop] = flat
        ids[number, stop : stop + len(prompt.after)] = prompt.after
        sizes = np.fromiter(map(len, words), np.int64, len(words))
        first[number, : len(words)] = start + np.cumsum(sizes) - sizes
    lengths = np.array([fixed + row.tokens for row in rows], np.int64)
    return Batch(ids, lengths, first, np.array([len(row.words) for row in rows], np.int64))


def _rounded_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple
