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
from scrubber.detect.runtime.torch.device import Device, Mark
from scrubber.detect.runtime.torch.encoders import encoder
from scrubber.detect.runtime.torch.weights import Linear, Weights
from scrubber.errors import DetectorFailed


class Question(NamedTuple):
    """A prompt and its thresholds on the device: marker places `[C]` and the logits `[C]` that are worth a look."""

    markers: Tensor
    floors: Tensor
    thresholds: NDArray[np.float64]


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
        self._encoder = encoder(encoder_config, weights.under("token_rep_layer.bert_layer.model"))
        projection = "token_rep_layer.projection"
        self._projection = weights.linear(projection) if f"{projection}.weight" in weights else None
        self._lstm = _BiLstm(weights, config.get("num_rnn_layers", 1))
        self._head = _SpanHead(weights, max_width, row_by_row=not device.is_cuda)

    def question(self, prompt: Prompt, thresholds: Sequence[float]) -> Question:
        """Bring what is asked to the device."""
        markers = np.array(prompt.markers, np.int64)
        return Question(self._device.send(markers), self._device.send(floors(thresholds)), np.array(thresholds))

    def release_memory(self) -> None:
        """Give back what is only cached."""
        self._device.release_memory()

    @torch.inference_mode()
    def submit(self, batch: Batch, question: Question) -> Pending:
        """Queue one batch. Nothing here waits for the device."""
        start, send = self._device.mark(), self._device.send
        ids, first, words = send(batch.ids), send(batch.first), send(batch.words)
        mask = None
        shortest = int(batch.lengths.min())
        if shortest < ids.shape[1]:
            mask = torch.arange(shortest, ids.shape[1], device=ids.device) < send(batch.lengths)[:, None]
        sent = self._device.mark()
        markers = question.markers.expand(len(ids), -1)
        hidden = self._encoder(ids, mask, torch.cat([markers, first], 1))
        if self._projection is not None:
            hidden = F.linear(hidden, *self._projection)
        labels, texts = hidden[:, : markers.shape[1]], hidden[:, markers.shape[1] :]
        is_word = torch.arange(first.shape[1], device=ids.device) < words[:, None]
        texts = self._lstm(texts * is_word[:, :, None], words)
        logits = self._head(labels, texts).float()
        last = torch.arange(logits.shape[1], device=ids.device)[:, None] + torch.arange(
            logits.shape[2], device=ids.device
        )
        possible = last < words[:, None, None]
        found = (logits >= question.floors) & possible[:, :, :, None]
        marks = _Marks(start, sent, self._device.mark())
        again = partial(self._redo, batch, question)
        return Pending(logits, found, question.thresholds, self._device, marks, redo=again)

    def _redo(self, batch: Batch, question: Question, rows: NDArray[np.int64]) -> Answer:
        """Compute `rows` of `batch` in float32; the candidates have the row numbers of the batch."""
        if self._exact is None:
            raise DetectorFailed("The model gave scores that are not numbers.")
        part = Batch(*(array[rows] for array in batch))
        answer = self._exact().submit(part, question).result()
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

    `row_by_row`: the spans of one row are scored before those of the next are made. A CPU keeps those of one in its
    caches; a batch of them is many megabytes, which it would write and read three times over.
    """

    def __init__(self, weights: Weights, max_width: int, *, row_by_row: bool) -> None:
        spans = weights.under("span_rep_layer.span_rep_layer")
        self._max_width = max_width
        self._row_by_row = row_by_row
        self._prompt = _mlp(weights, "prompt_rep_layer")
        self._start, self._end = _mlp(spans, "project_start"), _mlp(spans, "project_end")
        self._pair, self._out = _mlp(spans, "out_project")

    def __call__(self, labels: Tensor, words: Tensor) -> Tensor:
        """Score the spans of `words` `[B, W, D]` against `labels` `[B, C, D]`."""
        size = words.shape[-1]
        starts = F.linear(_apply(self._start, words).relu(), self._pair.weight[:, :size], self._pair.bias)
        ends = F.linear(_apply(self._end, words).relu(), self._pair.weight[:, size:])
        ends = F.pad(ends, (0, 0, 0, self._max_width - 1)).unfold(1, self._max_width, 1).transpose(2, 3)
        # Flat: products of matrices, where a slice of a batch would have the weights copied for each of its rows.
        label = _apply(self._prompt, labels.flatten(0, 1))
        weight = (label @ self._out.weight).view(*labels.shape[:2], -1).mT
        bias = (label @ self._out.bias).view(len(labels), 1, -1)
        if not self._row_by_row:
            return _scores(starts, ends, weight, bias)
        alone = [_scores(*(each[row, None] for each in (starts, ends, weight, bias))) for row in range(len(labels))]
        return torch.cat(alone)


def _scores(starts: Tensor, ends: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    pairs = (starts[:, :, None, :] + ends).relu_()
    return torch.baddbmm(bias, pairs.flatten(1, 2), weight).view(*pairs.shape[:3], -1)


def _mlp(weights: Weights, name: str) -> tuple[Linear, Linear]:
    return weights.linear(f"{name}.0"), weights.linear(f"{name}.3")


def _apply(layers: tuple[Linear, Linear], x: Tensor) -> Tensor:
    return F.linear(F.linear(x, *layers[0]).relu(), *layers[1])


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
