"""Any GLiNER model, run by the gliner library: the oracle of our own engine, and its stand-in for other models.

The library gets words instead of texts: it shifts every span behind a word without sub-tokens, cuts long texts with
nothing but a warning, and loses a whole batch to one lone surrogate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scrubber.core.batches import batches
from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Plan
from scrubber.detect.files import token_limit
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner.rows import Entity, Row, limits, rows, spans
from scrubber.detect.gliner.words import WordReader, Words
from scrubber.detect.model_run import ModelRun
from scrubber.detect.options import ModelOptions
from scrubber.detect.runtime.extras import require
from scrubber.detect.runtime.failures import halving, shielded
from scrubber.errors import ConfigError, DetectorFailed, Problem
from scrubber.telemetry import BatchComputed, ModelRan

_MAX_BATCH_TOKENS = 16_384
_DTYPES = {"float32": None, "bfloat16": "bf16", "float16": "fp16"}


class GlinerLibraryDetector:
    """The model of `checkpoint`, with `max_batch_rows` windows at once.

    `observe` hears of every batch and every call, in the calling thread; it must neither raise nor block.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        description: Description,
        options: ModelOptions,
        *,
        max_batch_rows: int = 8,
        observe: Callable[[BatchComputed | ModelRan], None] = lambda _: None,
    ) -> None:
        library = require("gliner", "gliner")
        self._model = _load(library, checkpoint, options)
        self._description = description
        self._max_batch_rows = max_batch_rows
        self._observe = observe
        tokenizer = self._model.data_processor.transformer_tokenizer
        private_copy = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
        self._reader = WordReader(private_copy, self._model.data_processor.words_splitter)
        self._max_tokens = token_limit(checkpoint.folder, self._model.config.encoder_config.to_dict())

    def detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        """See `Detector.detect`."""
        if not plan.labels:
            return [[] for _ in texts]
        return shielded(lambda: self._detect(texts, plan))

    def warm_up(self) -> None:
        """Run one small text."""
        self.detect(["Ada Lovelace"], Plan(("first_name",), (0.5,)))

    def describe(self) -> Description:
        """Name, revision and digest of the model."""
        return self._description

    def close(self) -> None:
        """Let go of the weights."""
        del self._model

    def _detect(self, texts: Sequence[str], plan: Plan) -> list[list[Span]]:
        run = ModelRun()
        words = self._reader.read(texts)
        run.lap("split")
        thresholds = dict(zip(plan.labels, plan.thresholds, strict=True))
        prompt_tokens = self._prompt_tokens(list(thresholds))
        limit = limits(
            max_words=self._model.config.max_len,
            max_width=self._model.config.max_width,
            model_tokens=self._max_tokens,
            prompt_tokens=prompt_tokens,
        )
        todo = rows(words, limit)
        run.counts["windows"] = len(todo)
        run.counts["words"] = sum(len(row.words) for row in todo)
        run.counts["tokens"] = sum(row.tokens + prompt_tokens for row in todo)
        answers: list[tuple[Row, Sequence[Entity]]] = []
        for batch in batches([row.tokens for row in todo], budget=_MAX_BATCH_TOKENS, max_rows=self._max_batch_rows):
            some = [todo[number] for number in batch]
            found = halving(lambda part: shielded(lambda: self._run(part, words, thresholds, run)), some)
            run.counts["batches"] += 1
            run.counts["padded_tokens"] += len(some) * (max(row.tokens for row in some) + prompt_tokens)
            answers.extend(zip(some, found, strict=True))
        decoded = spans(words, answers, self._description.name)
        run.lap("decode")
        self._observe(run.happened(len(texts), prompt_tokens))
        return decoded

    def _prompt_tokens(self, labels: Sequence[str]) -> int:
        """Tokens that the library spends on anything but the text: markers, labels, [CLS] and [SEP]."""
        prompts, _ = self._model.data_processor.prepare_inputs([[]], labels)
        tokenizer = self._model.data_processor.transformer_tokenizer
        return len(tokenizer(prompts[0], is_split_into_words=True, truncation=False)["input_ids"])

    def _run(
        self, part: Sequence[Row], words: Sequence[Words], thresholds: dict[str, float], run: ModelRun
    ) -> list[Sequence[Entity]]:
        inputs = [
            {"tokenized_text": words[row.text].words[row.words.start : row.words.stop], "ner": None} for row in part
        ]
        batch = self._model.collate_batch(inputs, list(thresholds))
        run.lap("plan")
        output = self._model.run_batch(batch, threshold=min(thresholds.values()))
        run.lap("forward")
        self._observe(BatchComputed(len(part)))
        if not output[0].isfinite().all():
            raise DetectorFailed("The model gave scores that are not numbers.")
        decoded = self._decode(output, batch, thresholds)
        run.lap("decode")
        return [[Entity(span.start, span.end, span.entity_type, span.score) for span in row] for row in decoded]

    def _decode(self, output: Any, batch: Any, thresholds: dict[str, float]) -> Any:
        """Decode with a threshold for each label, applied before overlaps are resolved.

        The library knows one threshold. Filtering its answer would be too late: a span that fails its own label's
        threshold would already have displaced a better-founded one.
        """
        decoder = self._model.decoder

        def greedy_search(found: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
            accepted = [span for span in found if span.score >= thresholds[span.entity_type]]
            return type(decoder).greedy_search(decoder, accepted, *args, **kwargs)  # type: ignore[no-any-return]

        decoder.greedy_search = greedy_search
        try:
            return self._model.decode_batch(output, batch, threshold=min(thresholds.values()) * (1 - 1e-6))
        finally:
            del decoder.greedy_search


def _load(library: Any, checkpoint: Checkpoint, options: ModelOptions) -> Any:
    folder = checkpoint.folder
    from scrubber.detect.runtime.torch.weights import has_packed_rows, read_weights  # noqa: PLC0415 - torch is an optional extra

    try:
        gliner = library.GLiNER.from_pretrained(
            str(folder),
            local_files_only=True,
            map_location=options.device,
            max_width=options.max_width,
            dtype=_DTYPES[options.dtype],
        ).eval()
        if has_packed_rows(checkpoint.weights):
            gliner.model.load_state_dict(read_weights(checkpoint.weights), strict=False)
    except Exception as error:  # noqa: BLE001 - no text has been read yet: the library's own words help the user
        problem = Problem("model.path", f"gliner cannot load {folder}: {type(error).__name__}: {error}")
    else:
        return gliner
    raise ConfigError([problem])
