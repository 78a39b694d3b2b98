"""A detector made of a token classifier: every sub-token gets a tag, neighbours with one name are a span."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scrubber.core.batches import batches
from scrubber.core.labels import LABELS
from scrubber.core.spans import Span
from scrubber.core.windows import windows
from scrubber.detect.detector import Description, Plan
from scrubber.detect.gliner.words import MAX_WORD_TOKENS
from scrubber.detect.model_run import ModelRun
from scrubber.detect.runtime.failures import halving, shielded
from scrubber.detect.tokens.reader import TokenReader, Tokens
from scrubber.detect.tokens.tags import Tag, entities
from scrubber.errors import DetectorFailed
from scrubber.telemetry import BatchComputed, ModelRan

_OVERLAP_WORDS = 24
_MAX_WORDS = 100_000
_MAX_BATCH_ROWS = 512

Aggregation = Literal["simple", "first"]


class Best(NamedTuple):
    """The likeliest class of each token of a batch, `[B, S]`, and its probability."""

    classes: NDArray[np.int64]
    scores: NDArray[np.float32]


class TokenModel(Protocol):
    """A token classifier on a device."""

    def run(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Best:
        """Classify the tokens of padded rows `ids` `[B, S]`."""
        ...

    def release_memory(self) -> None:
        """Give back what is only cached."""
        ...


class TokenFacts(NamedTuple):
    """What the engine must know of a model: its tags, the tokens that it can read at once, its padding id."""

    description: Description
    tags: Sequence[Tag]
    max_tokens: int
    padding: int


class _Row(NamedTuple):
    text: int
    tokens: range


class TokenEngine:
    """Finds the entities that transformers' pipeline finds with the same `aggregation`: of sub-tokens ("simple"), or of
    words by their first sub-token ("first").

    A long text is read in windows; each of its sub-tokens is judged in the window that shows most of what is around it.
    `observe` hears of every batch and every call, in the calling thread; it must neither raise nor block.
    """

    def __init__(
        self,
        model: TokenModel,
        reader: TokenReader,
        facts: TokenFacts,
        *,
        max_batch_tokens: int,
        aggregation: Aggregation = "simple",
        observe: Callable[[BatchComputed | ModelRan], None] = lambda _: None,
    ) -> None:
        room = facts.max_tokens - len(reader.before) - len(reader.after)
        assert room >= MAX_WORD_TOKENS, "The model cannot read one long word. This is a bug."
        self._model = model
        self._reader = reader
        self._facts = facts
        self._room = room
        self._max_batch_tokens = max_batch_tokens
        self._aggregation = aggregation
        self._observe = observe

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        return shielded(lambda: self._detect(texts, plan))

    def warm_up(self) -> None:
        """Run texts of growing length."""
        for words in (1, 16, 128):
            self.detect(["word " * words], Plan((), ()))

    def describe(self) -> Description:
        """Name, revision and digest of the model."""
        return self._facts.description

    def close(self) -> None:
        """Let go of the weights."""
        del self._model

    def _detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        run = ModelRun()
        read = self._reader.read(texts)
        run.lap("split")
        best = [Best(np.zeros(len(text.ids), np.int64), np.zeros(len(text.ids), np.float32)) for text in read]
        rows, shares = self._rows(read)
        lengths = [len(row.tokens) for row in rows]
        run.counts["windows"] = len(rows)
        run.counts["words"] = sum(len(text.words) for text in read)
        run.lap("plan")
        for group in batches(lengths, budget=self._max_batch_tokens, max_rows=_MAX_BATCH_ROWS):
            for number, found in zip(group, self._run([rows[number] for number in group], read, run), strict=True):
                row, share = rows[number], shares[number]
                own = slice(share.start - row.tokens.start, share.stop - row.tokens.start)
                best[row.text].classes[share.start : share.stop] = found.classes[own]
                best[row.text].scores[share.start : share.stop] = found.scores[own]
        thresholds = dict(zip(plan.labels, plan.thresholds, strict=True))
        spans = [self._spans(text, found, thresholds) for text, found in zip(read, best, strict=True)]
        run.lap("decode")
        self._observe(run.happened(len(texts)))
        return spans

    def _rows(self, texts: Sequence[Tokens]) -> tuple[list[_Row], list[range]]:
        """Return the windows, and for each the tokens that are judged in it: neighbours halve what they share."""
        rows, shares = [], []
        for number, text in enumerate(texts):
            if not text.words:
                continue
            sizes = [len(word) for word in text.words]
            cuts = windows(sizes, max_items=_MAX_WORDS, budget=self._room, overlap=_OVERLAP_WORDS)
            middles = [(after.start + before.stop) // 2 for before, after in pairwise(cuts)]
            edges = [0, *(text.words[middle].start for middle in middles), len(text.ids)]
            for cut, start, stop in zip(cuts, edges[:-1], edges[1:], strict=True):
                rows.append(_Row(number, range(text.words[cut.start].start, text.words[cut.stop - 1].stop)))
                shares.append(range(start, stop))
        return rows, shares

    def _run(self, group: Sequence[_Row], texts: Sequence[Tokens], run: ModelRun) -> list[Best]:
        def answer(part: Sequence[_Row]) -> list[Best]:
            return shielded(lambda: self._run_batch(part, texts, run))

        return halving(answer, group, self._model.release_memory)

    def _run_batch(self, part: Sequence[_Row], texts: Sequence[Tokens], run: ModelRun) -> list[Best]:
        before, after = self._reader.before, self._reader.after
        lengths = np.array([len(row.tokens) + len(before) + len(after) for row in part], np.int64)
        ids = np.full((len(part), lengths.max()), self._facts.padding, np.int64)
        for number, (row, length) in enumerate(zip(part, lengths.tolist(), strict=True)):
            ids[number, :length] = [*before, *texts[row.text].ids[row.tokens.start : row.tokens.stop], *after]
        run.counts["batches"] += 1
        run.counts["tokens"] += int(lengths.sum())
        run.counts["padded_tokens"] += ids.size
        run.lap("plan")
        best = self._model.run(ids, lengths)
        run.lap("forward")
        self._observe(BatchComputed(len(part)))
        if not np.isfinite(best.scores[np.arange(ids.shape[1]) < lengths[:, None]]).all():
            raise DetectorFailed("The model gave scores that are not numbers.")
        start = len(before)
        return [
            Best(classes[start : start + len(row.tokens)], scores[start : start + len(row.tokens)])
            for row, classes, scores in zip(part, *best, strict=True)
        ]

    def _spans(self, text: Tokens, best: Best, thresholds: dict[str, float]) -> list[Span]:
        tags = [self._facts.tags[number] for number in best.classes.tolist()]
        scores = best.scores.tolist()
        if self._aggregation == "simple":
            ends = list(range(len(tags)))
            found = entities(tags, scores, range(len(tags)))
        else:
            ends = [word.stop - 1 for word in text.words for _ in word]
            found = entities(tags, scores, [word.start for word in text.words])
        return [
            Span(text.starts[entity.first], text.ends[ends[entity.last]], entity.label, entity.score, self._name)
            for entity in found
            if self._counts(entity.label, entity.score, thresholds)
        ]

    def _counts(self, label: str, score: float, thresholds: dict[str, float]) -> bool:
        """A label of the vocabulary counts as the plan says; one that nobody knows is for the policy to judge."""
        if label in thresholds:
            return score >= thresholds[label]
        return label not in LABELS

    @property
    def _name(self) -> str:
        return self._facts.description.name
