"""Rows: what the model reads at once. A short text is one row; a long one is several, overlapping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scrubber.core.spans import Span
from scrubber.core.windows import windows
from scrubber.detect.gliner.words import MAX_WORD_TOKENS, Words
from scrubber.errors import ConfigError, Problem

MAX_WINDOW_TOKENS = 1024
"""Sub-tokens of text in one window where the model itself has no limit: attention grows with their square."""


class Row(NamedTuple):
    """A window of text number `text`: its words `words.start` to `words.stop`, of `tokens` sub-tokens in all."""

    text: int
    words: range
    tokens: int


class Limits(NamedTuple):
    """What one window may hold besides the prompt, and the longest span the model can find, in words."""

    max_words: int
    max_tokens: int
    max_width: int


def limits(*, max_words: int, max_width: int, model_tokens: int | None, prompt_tokens: int) -> Limits:
    """Return the limits of a window beside a prompt of `prompt_tokens` (special tokens included)."""
    room = MAX_WINDOW_TOKENS if model_tokens is None else min(MAX_WINDOW_TOKENS, model_tokens - prompt_tokens)
    if room < MAX_WORD_TOKENS:
        message = f"the labels take {prompt_tokens} of the {model_tokens} tokens that the model can read at once"
        raise ConfigError([Problem("model.labels", message, "ask for fewer labels")])
    return Limits(max_words, room, max_width)


def rows(texts: Sequence[Words], limit: Limits, start: int = 0) -> list[Row]:
    """Return rows that together hold every word; any span of `limit.max_width` words lies whole in one of them.

    The first of `texts` has the number `start`.
    """
    found: list[Row] = []
    for number, text in enumerate(texts, start):
        sizes = [len(ids) for ids in text.ids]
        cuts = windows(sizes, max_items=limit.max_words, budget=limit.max_tokens, overlap=2 * limit.max_width)
        found.extend(Row(number, cut, sum(sizes[cut.start : cut.stop])) for cut in cuts)
    return found


class Entity(NamedTuple):
    """A span of words within one row, `last` included, as the model found it."""

    first: int
    last: int
    label: str
    score: float


def spans(texts: Sequence[Words], answers: Iterable[tuple[Row, Sequence[Entity]]], detector: str) -> list[list[Span]]:
    """Put entities back to their places in the texts: the union over the windows, equal ones once, by place."""
    best: list[dict[tuple[int, int, str], float]] = [{} for _ in texts]
    for row, entities in answers:
        words = texts[row.text]
        scores = best[row.text]
        for entity in entities:
            place = words.starts[row.words.start + entity.first], words.ends[row.words.start + entity.last]
            key = (*place, entity.label)
            scores[key] = max(entity.score, scores.get(key, 0.0))
    return [
        [Span(start, end, label, score, detector) for (start, end, label), score in sorted(scores.items())]
        for scores in best
    ]
