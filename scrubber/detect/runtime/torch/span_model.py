"""The network of a uni-encoder span model: encoder, projection, BiLSTM, and a score for each span and label.

The answers are those of the gliner library's modules. The work is less: the span representation's first layer is
linear in its two ends, so it is computed for each word instead of each pair; its last layer is linear too, so labels
are carried back through it instead of spans forward; no tensor over all spans is as wide as the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from numpy.typing import NDArray
from torch import Tensor, nn

from scrubber.detect.gliner.batch import Answer, Batch, Candidates, floors
from scrubber.detect.gliner.prompt import Prompt
from scrubber.detect.runtime.torch.dense import Dense
from scrubber.detect.runtime.torch.device import Device, Mark
from scrubber.detect.runtime.torch.encoders import Prefix, encoder
from scrubber.detect.runtime.torch.layouts import Rows, few_sizes, packed, padded
from scrubber.detect.runtime.torch.weights import Linear, Weights
from scrubber.errors import DetectorFailed


class Question(NamedTuple):
    """A prompt and its thresholds; on the device, what of the prompt is alike in every batch, and the logits `[C]` that
    are worth a look.
    """

    prompt: Prompt
    thresholds: Sequence[float]
    prefix: Prefix
    floors: Tensor


class SpanModel:
    """A span model of `config` (gliner_config.json) with spans of up to `max_width` words.

    `exact` builds the same model in float32: rows that have scores which are not numbers in half precision are computed
    again by it.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        config: Mapping[str, Any],
        encoder_config: Mapping[str, Any],
        device: Device,
        max_width: int,
        *,
        exact: Callable[[], SpanModel] | None = None,
    ) -> None:
        weights = Weights(tensors, device)
        self._device = device
        self._exact = exact
        self._lay_out = padded if device.is_cuda else packed
        self._encoder = encoder(encoder_config, weights.under("token_rep_layer.bert_layer.model"))
        projection = "token_rep_layer.projection"
        self._projection = weights.linear(projection) if f"{projection}.weight" in weights else None
        self._lstm = _BiLstm(weights, config.get("num_rnn_layers", 1))
        self._head = _SpanHead(weights, max_width, row_by_row=not device.is_cuda)

    @torch.inference_mode()
    def question(self, prompt: Prompt, thresholds: Sequence[float]) -> Question:
        """Bring what is asked to the device."""
        prefix = self._encoder.prefix(self._device.send(np.array(prompt.before, np.int64)))
        return Question(prompt, thresholds, prefix, self._device.send(floors(thresholds)))

    def release_memory(self) -> None:
        """Give back what is only cached."""
        self._device.release_memory()

    @torch.inference_mode()
    def submit(self, batch: Batch, question: Question) -> Pending:
        """Queue one batch. Nothing here waits for the device."""
        start, send = self._device.mark(), self._device.send
        markers = np.array(question.prompt.markers, np.int64)
        keep = np.concatenate((np.broadcast_to(markers, (len(batch.ids), len(markers))), batch.first), 1)
        rows = Rows(batch.ids, batch.lengths, len(question.prompt.before), keep, len(markers) + batch.words)
        layout = self._lay_out(rows, self._device)
        words = send(batch.words)
        sent = self._device.mark()
        hidden = layout.rows(self._encoder(question.prefix, layout))
        if self._projection is not None:
            hidden = F.linear(hidden, *self._projection)
        labels, texts = hidden[:, : len(markers)], hidden[:, len(markers) :]
        is_word = torch.arange(texts.shape[1], device=texts.device) < words[:, None]
        texts = self._lstm(texts * is_word[:, :, None], words)
        logits = self._head(labels, texts, batch.words).float()
        last = torch.arange(logits.shape[1], device=texts.device)[:, None] + torch.arange(
            logits.shape[2], device=texts.device
        )
        possible = last < words[:, None, None]
        found = (logits >= question.floors) & possible[:, :, :, None]
        marks = _Marks(start, sent, self._device.mark())
        again = partial(self._redo, batch, question)
        return Pending(logits, found, np.array(question.thresholds), self._device, marks, redo=again)

    def _redo(self, batch: Batch, question: Question, rows: NDArray[np.int64]) -> Answer:
        """Compute `rows` of `batch` in float32; the candidates have the row numbers of the batch."""
        if self._exact is None:
            raise DetectorFailed("The model gave scores that are not numbers.")
        part = Batch(*(array[rows] for array in batch))
        exact = self._exact()
        answer = exact.submit(part, exact.question(question.prompt, question.thresholds)).result()
        return answer._replace(candidates=answer.candidates._replace(rows=rows[answer.candidates.rows]))


class _Marks(NamedTuple):
    """When a batch was begun, had been sent to the device, and had been computed."""

    start: Mark
    sent: Mark
    computed: Mark


class Pending:
    """A batch that the device is busy with. `redo` computes some of its rows again."""

    def __init__(
        self,
        logits: Tensor,
        found: Tensor,
        thresholds: NDArray[np.float64],
        device: Device,
        marks: _Marks,
        *,
        redo: Callable[[NDArray[np.int64]], Answer],
    ) -> None:
        self._logits = logits
        self._found = found
        self._thresholds = thresholds
        self._device = device
        self._marks = marks
        self._redo = redo

    @torch.inference_mode()
    def result(self) -> Answer:
        """Wait for the answer. Scores that are not numbers would read as "nothing found": they are computed again."""
        device, (start, sent, computed) = self._device, self._marks
        with device.reading(computed):
            begun = device.mark()
            broken = ~self._logits.isfinite().flatten(1).all(1)
            places = (self._found & ~broken[:, None, None, None]).nonzero()
            chosen = self._logits[tuple(places.T)].sigmoid(), places, broken.nonzero()[:, 0]
            compacted = device.mark()
            scores, (rows, starts, widths, labels), again = (part.cpu().numpy().T for part in chosen)
            copied = device.mark()
        accepted = scores >= self._thresholds[labels]
        found = Candidates(rows[accepted], starts[accepted], widths[accepted], labels[accepted], scores[accepted])
        copy_secs = device.secs(start, sent) + device.secs(compacted, copied)
        answer = Answer(found, copy_secs, device.secs(sent, computed) + device.secs(begun, compacted))
        return answer.plus(self._redo(again)) if len(again) else answer


class _BiLstm:
    """The library's bidirectional LSTM without packed sequences, which would need the lengths on the host.

    The backward half reads each row reversed within its own length, so padding comes last both ways and is never read
    before a word.
    """

    def __init__(self, weights: Weights, layers: int) -> None:
        self._layers = [
            [_one_way(weights.under("rnn.lstm"), f"l{layer}{suffix}") for suffix in ("", "_reverse")]
            for layer in range(layers)
        ]

    def __call__(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Contextualise words `[B, W, D]`."""
        if not self._layers:
            return x
        place = torch.arange(x.shape[1], device=x.device)
        mirrored = lengths[:, None] - 1 - place
        mirrored = torch.where(mirrored >= 0, mirrored, place)
        for ahead, back in self._layers:
            forward, _ = ahead(x)
            backward, _ = back(_reorder(x, mirrored))
            x = torch.cat([forward, _reorder(backward, mirrored)], 2)
        return x


class _SpanHead:
    """Scores of all spans of up to `max_width` words, from the left word on: `[B, W, max_width, C]`.

    `row_by_row`: words that are padding are left out, and the spans of one row are scored before those of the next are
    made. A CPU keeps those of one in its caches; a batch of them is many megabytes, which it would write and read three
    times over.
    """

    def __init__(self, weights: Weights, max_width: int, *, row_by_row: bool) -> None:
        spans = weights.under("span_rep_layer.span_rep_layer")
        self._max_width = max_width
        self._row_by_row = row_by_row
        self._prompt = _mlp(weights, "prompt_rep_layer")
        self._start, self._end = _mlp(spans, "project_start"), _mlp(spans, "project_end")
        pair, out = (spans.linear(f"out_project.{number}") for number in (0, 3))
        size = out.weight.shape[0]
        self._of_start = Dense(Linear(pair.weight[:, :size].contiguous(), pair.bias))
        self._of_end = Dense(Linear(pair.weight[:, size:].contiguous(), torch.zeros_like(pair.bias)))
        self._back = Dense(Linear(out.weight.T.contiguous(), torch.zeros_like(pair.bias)))
        self._bias = out.bias

    def __call__(self, labels: Tensor, words: Tensor, counts: NDArray[np.int64]) -> Tensor:
        """Score the spans of `words` `[B, W, D]`, the first `counts` of each row, against `labels` `[B, C, D]`."""
        # Flat: products of matrices, where a slice of a batch would have the weights copied for each of its rows.
        label = _apply(self._prompt, labels.flatten(0, 1))
        weight = self._back(label).view(*labels.shape[:2], -1).mT
        bias = (label @ self._bias).view(len(labels), 1, -1)
        if not self._row_by_row:
            return _scores(*self._ends(words), weight, bias, self._max_width)
        sizes = counts.tolist()
        found = words.new_zeros(*words.shape[:2], self._max_width, labels.shape[1])
        more = few_sizes(sum(sizes)) - sum(sizes)
        flat = [row[:size] for row, size in zip(words, sizes, strict=True)]
        both = self._ends(torch.cat([*flat, words.new_zeros(more, words.shape[2])]))
        starts, ends = (torch.split(each, [*sizes, more])[:-1] for each in both)
        for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
            scores = _scores(start[None], end[None], weight[row, None], bias[row, None], self._max_width)
            found[row, : len(start)] = scores[0]
        return found

    def _ends(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Return what words bring into a span as its first and as its last one."""
        (start, start_out), (end, end_out) = self._start, self._end
        return self._of_start(start_out.relu(start.relu(words))), self._of_end(end_out.relu(end.relu(words)))


def _scores(starts: Tensor, ends: Tensor, weight: Tensor, bias: Tensor, max_width: int) -> Tensor:
    ends = F.pad(ends, (0, 0, 0, max_width - 1)).unfold(1, max_width, 1).transpose(2, 3)
    pairs = (starts[:, :, None, :] + ends).relu_()
    return torch.baddbmm(bias, pairs.flatten(1, 2), weight).view(*pairs.shape[:3], -1)


def _mlp(weights: Weights, name: str) -> tuple[Dense, Dense]:
    return Dense(weights.linear(f"{name}.0")), Dense(weights.linear(f"{name}.3"))


def _apply(layers: tuple[Dense, Dense], x: Tensor) -> Tensor:
    return layers[1](layers[0].relu(x))


def _one_way(weights: Weights, suffix: str) -> nn.LSTM:
    taken = {name: weights.tensor(f"{name}_{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    hidden, inputs = taken["weight_ih"].shape[0] // 4, taken["weight_ih"].shape[1]
    with torch.device("meta"):
        lstm = nn.LSTM(inputs, hidden, batch_first=True)
    lstm.load_state_dict({f"{name}_l0": tensor for name, tensor in taken.items()}, assign=True)
    lstm.flatten_parameters()
    return lstm.requires_grad_(requires_grad=False)


def _reorder(x: Tensor, places: Tensor) -> Tensor:
    return x.gather(1, places[:, :, None].expand_as(x))
