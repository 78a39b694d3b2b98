"""Our own engine for uni-encoder span models: the library's answers, on a device that does not wait for the host.

The caller's thread splits, plans and decodes; the device's own thread copies and computes (`device_thread.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from scrubber.core.batches import batches
from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Plan
from scrubber.detect.gliner.batch import Answer, Batch, collate
from scrubber.detect.gliner.decode import decode
from scrubber.detect.gliner.network import Pending, SpanModel
from scrubber.detect.gliner.prompt import Prompt, Prompter
from scrubber.detect.gliner.rows import Entity, Limits, Row, limits, rows, spans
from scrubber.detect.gliner.words import WordReader, Words
from scrubber.detect.model_run import ModelRun
from scrubber.detect.runtime.failures import halving, shielded
from scrubber.errors import DetectorOverloaded
from scrubber.telemetry import BatchComputed, ModelRan

_MAX_PLANS = 64
_MAX_BATCH_ROWS = 512
_TEXTS_READ_AT_ONCE = 1024  # the device is busy with some while the next are read, and rows of like length still meet


class ModelFacts(NamedTuple):
    """What the engine must know of a model: words and sub-tokens it can read at once (None: no limit), widest span."""

    description: Description
    max_words: int
    max_tokens: int | None
    max_width: int


class Tuning(NamedTuple):
    """How the device likes its batches: padded tokens in one, multiples that tokens and words of a row are padded to,
    batches that may wait for the device behind the one in work; whether full batches of every length are run before the
    first text, so that none finds memory that was never asked for and kernels that were never loaded; whether rows are
    packed, so that no padding is computed.
    """

    max_batch_tokens: int
    pad_tokens_to: int
    pad_words_to: int
    queued: int
    warms_every_length: bool = False
    packs: bool = False


CPU = Tuning(max_batch_tokens=3072, pad_tokens_to=1, pad_words_to=1, queued=1, packs=True)
"""A CPU computes while it is asked. Its products of matrices are at their best from 1,500 tokens on."""

ONNXRUNTIME = CPU._replace(max_batch_tokens=1536, packs=False)
"""It keeps whole batches in memory, which leave the caches if they are large."""

CUDA = Tuning(max_batch_tokens=16_384, pad_tokens_to=16, pad_words_to=16, queued=2, warms_every_length=True)
"""Two batches wait on the device while the host decodes one; few distinct shapes, so that freed memory fits again."""


class _Asked(NamedTuple):
    labels: tuple[str, ...]
    prompt: Prompt
    question: Any
    limits: Limits


class _Submitted(NamedTuple):
    batch: Batch
    pending: Pending


class _Run(ModelRun):
    """One call: its texts and what is asked."""

    def __init__(self, asked: _Asked) -> None:
        super().__init__()
        self.asked = asked
        self.texts: list[Words] = []

    def resume(self, answer: Answer) -> None:
        """Go on after waiting for `answer`: what the device took for it counts, the waiting does not."""
        self.secs["copy"] += answer.copy_secs
        self.secs["forward"] += answer.forward_secs
        self.forget_waiting()


class GlinerEngine:
    """A detector made of a word reader, a prompter and a model on a device.

    `observe` hears of every batch and every call, in the calling thread; it must neither raise nor block.
    """

    def __init__(
        self,
        model: SpanModel,
        reader: WordReader,
        prompter: Prompter,
        facts: ModelFacts,
        tuning: Tuning,
        *,
        observe: Callable[[BatchComputed | ModelRan], None] = lambda _: None,
    ) -> None:
        self._model = model
        self._reader = reader
        self._prompter = prompter
        self._facts = facts
        self._tuning = tuning
        self._observe = observe
        self._asked: dict[Plan, _Asked] = {}

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        if not plan.labels:
            return [[] for _ in texts]
        return shielded(lambda: self._detect(texts, plan))

    def warm_up(self) -> None:
        """Run texts of growing length, so that no first batch pays for the loading of kernels."""
        plan = Plan(("first_name",), (0.5,))
        if self._tuning.warms_every_length:
            limit = self._ask(plan).limits
            for tokens in range(1, limit.max_tokens + 1, self._tuning.pad_tokens_to):
                text = self._text_of(tokens, limit.max_words)
                self.detect([text] * max(1, self._tuning.max_batch_tokens // tokens), plan)
            return
        words = 1
        while words <= self._facts.max_words:
            self.detect(["word " * words], plan)
            words *= 4

    def describe(self) -> Description:
        """Name, revision and digest of the model."""
        return self._facts.description

    def close(self) -> None:
        """Let go of the weights."""
        del self._model

    def _detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        run = _Run(self._ask(plan))
        run.lap("plan")
        answers = list(self._answers(texts, run))
        found = spans(run.texts, answers, self._facts.description.name)
        run.lap("decode")
        self._observe(run.happened(len(run.texts), run.asked.prompt.tokens))
        return found

    def _text_of(self, tokens: int, max_words: int) -> str:
        """Return a text of `tokens` sub-tokens in no more than `max_words` words: long words first."""
        long_words = ["-".join(["word"] * parts) for parts in range(-(-tokens // max_words), 0, -1)]
        text: list[str] = []
        for word, read in zip(long_words, self._reader.read(long_words), strict=True):
            count, tokens = divmod(tokens, sum(map(len, read.ids)))
            text += [word] * count
        return " ".join(text)

    def _ask(self, plan: Plan) -> _Asked:
        asked = self._asked.get(plan)
        if asked is None:
            wanted = dict(zip(plan.labels, plan.thresholds, strict=True))
            prompt = self._prompter.prompt(list(wanted))
            limit = limits(
                max_words=self._facts.max_words,
                max_width=self._facts.max_width,
                model_tokens=self._facts.max_tokens,
                prompt_tokens=prompt.tokens,
            )
            question = self._model.question(prompt, list(wanted.values()))
            if len(self._asked) >= _MAX_PLANS:
                self._asked.clear()
            asked = self._asked[plan] = _Asked(tuple(wanted), prompt, question, limit)
        return asked

    def _answers(self, texts: Sequence[str], run: _Run) -> Iterator[tuple[Row, Sequence[Entity]]]:
        """Keep `queued` batches waiting for the device while the host lays out the next and decodes the last one."""
        ahead: deque[tuple[Sequence[Row], _Submitted | None]] = deque()
        for group in self._groups(texts, run):
            try:
                ahead.append((group, self._submit(group, run)))
            except DetectorOverloaded:
                ahead.append((group, None))
            if len(ahead) > self._tuning.queued:
                yield from self._collect(*ahead.popleft(), run)
        while ahead:
            yield from self._collect(*ahead.popleft(), run)

    def _groups(self, texts: Sequence[str], run: _Run) -> Iterator[list[Row]]:
        """Read some of the texts at a time, and lay their windows out in batches of like length."""
        for start in range(0, len(texts), _TEXTS_READ_AT_ONCE):
            some = self._reader.read(texts[start : start + _TEXTS_READ_AT_ONCE])
            run.texts += some
            run.lap("split")
            todo = rows(some, run.asked.limits, start)
            lengths = [row.tokens + run.asked.prompt.tokens for row in todo]
            run.counts["windows"] += len(todo)
            run.counts["words"] += sum(len(row.words) for row in todo)
            run.counts["tokens"] += sum(lengths)
            for group in batches(lengths, budget=self._tuning.max_batch_tokens, max_rows=_MAX_BATCH_ROWS):
                yield [todo[number] for number in group]

    def _submit(self, group: Sequence[Row], run: _Run) -> _Submitted:
        batch = collate(group, run.texts, run.asked.prompt, self._tuning.pad_tokens_to, self._tuning.pad_words_to)
        run.counts["batches"] += 1
        run.counts["padded_tokens"] += int(batch.lengths.sum()) if self._tuning.packs else batch.ids.size
        run.lap("plan")
        return _Submitted(batch, shielded(lambda: self._model.submit(batch, run.asked.question)))

    def _collect(
        self, group: Sequence[Row], submitted: _Submitted | None, run: _Run
    ) -> Iterator[tuple[Row, Sequence[Entity]]]:
        try:
            found = self._result(submitted, run) if submitted else None
        except DetectorOverloaded:
            found = None
        if found is None:
            release = self._model.release_memory
            release()
            found = halving(lambda part: self._result(self._submit(part, run), run), group, release)
        return zip(group, found, strict=True)

    def _result(self, submitted: _Submitted, run: _Run) -> list[list[Entity]]:
        answer = shielded(submitted.pending.result)
        run.resume(answer)
        self._observe(BatchComputed(len(submitted.batch.ids)))
        found = decode(answer.candidates, submitted.batch, run.asked.labels)
        run.lap("decode")
        return found
