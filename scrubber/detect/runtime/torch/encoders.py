"""BERT and DeBERTa-v2/v3 encoders, with the answers of transformers' modules and less work.

Query, key and value are one matrix product; what depends on weights only is computed at load; the last layer is
finished only for the positions that somebody reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from scrubber.detect.runtime.torch.dense import Dense
from scrubber.detect.runtime.torch.weights import Linear, Weights

_ROUNDING = 64
_COLUMNS = 32
_PLACES = 128


class Encoder(Protocol):
    """Token ids `[B, S]` in, hidden states `[B, N, D]` of the positions `keep` `[B, N]` out.

    `mask` `[B, T]` is true where there is a token among the last T positions; before them all are tokens. None: no row
    has padding.
    """

    def __call__(self, ids: Tensor, mask: Tensor | None, keep: Tensor) -> Tensor:
        """Encode one batch."""
        ...


def unsupported(config: Mapping[str, Any]) -> str | None:
    """Why no encoder here computes what `config` (a transformers configuration) asks for, or None."""
    demands: dict[str, tuple[Any, ...]]
    match config.get("model_type"):
        case "bert":
            demands = {"position_embedding_type": ("absolute",), "hidden_act": ("gelu",), "is_decoder": (False,)}
        case "deberta-v2":
            demands = {
                "hidden_act": ("gelu",),
                "relative_attention": (True,),
                "share_att_key": (True,),
                "position_biased_input": (False,),
                "type_vocab_size": (0,),
                "conv_kernel_size": (0,),
                "embedding_size": (config["hidden_size"],),
                "attention_head_size": (config["hidden_size"] // config["num_attention_heads"],),
            }
            if not {"c2p", "p2c"} <= set(_position_terms(config)):
                return "attention without both position terms"
        case other:
            return f"a {other} encoder"
    for key, allowed in demands.items():
        if config.get(key, allowed[0]) not in allowed:
            return f"an encoder with {key}={config[key]!r}"
    return None


def encoder(config: Mapping[str, Any], weights: Weights) -> Encoder:
    """Build the encoder that `config` describes (and `unsupported` has nothing against)."""
    return Bert(config, weights) if config["model_type"] == "bert" else Deberta(config, weights)


class _Block(NamedTuple):
    """One transformer layer, normalised after each half."""

    qkv: Dense
    out: Dense
    norm: Linear
    up: Dense
    down: Dense
    out_norm: Linear


class Bert:
    """BERT with absolute positions."""

    def __init__(self, config: Mapping[str, Any], weights: Weights) -> None:
        self._heads = config["num_attention_heads"]
        self._epsilon = config.get("layer_norm_eps", 1e-12)
        embeddings = weights.under("embeddings")
        self._words = embeddings.tensor("word_embeddings.weight")
        positions = embeddings.exact("position_embeddings.weight") + embeddings.exact("token_type_embeddings.weight")[0]
        # Rows are padded to a round number of tokens, which may be more than the model has positions.
        self._positions = weights.cast(F.pad(positions, (0, 0, 0, _ROUNDING)))
        self._norm = embeddings.linear("LayerNorm")
        layers = [weights.under(f"encoder.layer.{number}") for number in range(config["num_hidden_layers"])]
        self._blocks = [_block(layer, ("query", "key", "value"), 1.0) for layer in layers]
        self._last_query, self._last_key_value = (
            Dense(_stacked(layers[-1], names, 1.0)) for names in (("query",), ("key", "value"))
        )

    def __call__(self, ids: Tensor, mask: Tensor | None, keep: Tensor) -> Tensor:
        """See `Encoder`."""
        x = _norm(F.embedding(ids, self._words) + self._positions[: ids.shape[1]], self._norm, self._epsilon)
        bias = None
        if mask is not None:
            bias = F.pad(_padding_bias(mask, x.dtype), (x.shape[1] - mask.shape[1], 0))
        for block in self._blocks:
            if block is self._blocks[-1]:
                key, value = self._split(self._last_key_value(x), 2)
                x = _pick(x, keep)
                (query,) = self._split(self._last_query(x), 1)
            else:
                query, key, value = self._split(block.qkv(x), 3)
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
            x = _finish(block, x, _join(attended), self._epsilon)
        return x

    def _split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        return _split(x, parts, self._heads)


class Deberta:
    """DeBERTa-v2/v3: content to position and position to content, positions relative only.

    The position terms need the score of each query with each relative distance. Distances are laid out one after the
    other, so that row `i` of the bias is a slice of row `i` of that table, shifted by `i`: a strided view, no gather.
    These tables are the largest tensors by far. A CPU computes them for one row of the batch and some of its places at
    a time, always in the same memory: then they stay in its caches.
    """

    def __init__(self, config: Mapping[str, Any], weights: Weights) -> None:
        self._heads = config["num_attention_heads"]
        self._epsilon = config.get("layer_norm_eps", 1e-7)
        buckets = config.get("position_buckets", -1)
        reach = config.get("max_relative_positions", -1)
        self._reach = reach if reach > 0 else config["max_position_embeddings"]
        self._buckets = buckets
        self._span = buckets if buckets > 0 else self._reach
        self._words = weights.tensor("embeddings.word_embeddings.weight")
        self._norm = weights.linear("embeddings.LayerNorm")
        # Scaling the queries once, in the weights, keeps half-precision products small and saves a division.
        head_size = config["hidden_size"] // self._heads
        scale = 1 / math.sqrt(3 * head_size)
        distances = self._distances(config, weights)
        self._blocks: list[_Block] = []
        self._positions: list[tuple[Tensor, Tensor]] = []
        for number in range(config["num_hidden_layers"]):
            layer = weights.under(f"encoder.layer.{number}")
            self._blocks.append(_block(layer, ("query_proj", "key_proj", "value_proj"), scale))
            key = F.linear(distances, *layer.exact_linear("attention.self.key_proj"))
            query = F.linear(distances, *layer.exact_linear("attention.self.query_proj")) * scale
            heads = [weights.cast(x.view(-1, self._heads, head_size).transpose(0, 1)) for x in (key, query)]
            self._positions.append((heads[0], heads[1]))
        self._indices: dict[int, tuple[Tensor, Tensor]] = {}

    def __call__(self, ids: Tensor, mask: Tensor | None, keep: Tensor) -> Tensor:
        """See `Encoder`."""
        x = _norm(F.embedding(ids, self._words), self._norm, self._epsilon)
        padding = None if mask is None else _padding_bias(mask, x.dtype)
        falling, rising = self._index(ids.shape[1], ids.device)
        scratch = _Scratch(x, self._heads)
        for block, (position_keys, position_queries) in zip(self._blocks, self._positions, strict=True):
            parts = [part.contiguous() for part in _split(block.qkv(x), 3, self._heads)]
            tables = position_keys[:, falling].transpose(1, 2), position_queries[:, rising].transpose(1, 2)
            attended = _join(scratch.attend(parts, tables, padding))
            if block is self._blocks[-1]:
                x, attended = _pick(x, keep), _pick(attended, keep)
            x = _finish(block, x, attended, self._epsilon)
        return x

    def _distances(self, config: Mapping[str, Any], weights: Weights) -> Tensor:
        table = weights.exact("encoder.rel_embeddings.weight")[: 2 * self._span]
        if "layer_norm" in config.get("norm_rel_ebd", "none"):
            table = _norm(table, weights.exact_linear("encoder.LayerNorm"), self._epsilon)
        return table

    def _index(self, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Rows of the distance table for the distances query - key, falling and rising, of rows of `length`.

        One after the other and then some more that nobody looks at: matrix products like round numbers of columns.
        """
        if length not in self._indices:
            distance = torch.arange(-(length - 1), length)
            bucket = log_bucket(distance, self._buckets, self._reach) if self._buckets > 0 else distance
            rising = (bucket + self._span).clamp(0, 2 * self._span - 1).to(device)
            more = -len(rising) % _COLUMNS
            self._indices[length] = F.pad(rising.flip(0), (0, more)), F.pad(rising, (0, more))
        return self._indices[length]


class _Scratch:
    """Memory for the position terms of one batch `x` `[B, S, D]`, and attention with them."""

    def __init__(self, x: Tensor, heads: int) -> None:
        rows, length = x.shape[:2]
        self._rows, self._places = (rows, length) if x.is_cuda else (1, min(length, _PLACES))
        self._table = x.new_empty(self._rows * heads * self._places * (length + self._places))
        self._bias = x.new_empty(self._rows, heads, length, length)

    def attend(self, parts: Sequence[Tensor], tables: tuple[Tensor, Tensor], padding: Tensor | None) -> Tensor:
        """Attend with `parts` (query, key, value, each `[B, H, S, D]`).

        `tables` `[H, D, columns]` are the position keys and queries by distance, `padding` `[B, 1, 1, T]` is added to
        the scores of the last T keys.
        """
        answers = []
        for start in range(0, len(parts[0]), self._rows):
            query, key, value = (part[start : start + self._rows] for part in parts)
            bias, length = self._bias, query.shape[2]
            for low in range(0, length, self._places):
                places = slice(low, min(low + self._places, length))
                bias[..., places].copy_(self._scores(key, tables[1], places).transpose(2, 3))
            for low in range(0, length, self._places):
                places = slice(low, min(low + self._places, length))
                bias[..., places, :].add_(self._scores(query, tables[0], places))
            if padding is not None:
                bias[..., -padding.shape[-1] :] += padding[start : start + self._rows]
            answers.append(F.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=1.0))
        return torch.cat(answers) if len(answers) > 1 else answers[0]

    def _scores(self, x: Tensor, table: Tensor, places: slice) -> Tensor:
        """Score `places` of `x` with all places of the row, by their distances: `[B, H, places, S]`.

        The first place of all sees the distances that begin at column S - 1 of the table, the next one begins one
        column before, and so on.
        """
        rows, heads, length, _ = x.shape
        some = places.stop - places.start
        columns = slice(length - places.stop, 2 * length - places.start)
        shape = rows, heads, some, length + some
        scores = self._table[: math.prod(shape)].view(shape)
        torch.matmul(x[:, :, places], table[:, :, columns], out=scores)
        strides = heads * some * shape[3], some * shape[3], shape[3] - 1, 1
        return scores.as_strided((rows, heads, some, length), strides, some - 1)


def log_bucket(distance: Tensor, buckets: int, reach: int) -> Tensor:
    """Number the relative distances: the near ones one by one, the far ones on a logarithmic scale up to `reach`."""
    near = buckets // 2
    size = torch.where(distance.abs() < near, torch.tensor(near - 1), distance.abs())
    # The same operations in the same precision as in training: a rounding here moves a distance to another bucket.
    scale = torch.log(torch.tensor((reach - 1) / near))
    far = torch.ceil(torch.log(size / near) / scale * (near - 1)) + near
    return torch.where(size <= near, distance, (far * distance.sign()).long())


def _position_terms(config: Mapping[str, Any]) -> list[str]:
    terms = config.get("pos_att_type") or []
    return terms.lower().split("|") if isinstance(terms, str) else list(terms)


def _block(weights: Weights, names: tuple[str, str, str], query_scale: float) -> _Block:
    return _Block(
        Dense(_stacked(weights, names, query_scale)),
        Dense(weights.linear("attention.output.dense")),
        weights.linear("attention.output.LayerNorm"),
        Dense(weights.linear("intermediate.dense")),
        Dense(weights.linear("output.dense")),
        weights.linear("output.LayerNorm"),
    )


def _stacked(weights: Weights, names: Sequence[str], first_scale: float) -> Linear:
    """Return the layers `names` as one, the first of them scaled."""
    layers = [weights.exact_linear(f"attention.self.{name}") for name in names]
    scales = [first_scale] + [1.0] * (len(layers) - 1)
    return Linear(
        weights.cast(torch.cat([layer.weight * scale for layer, scale in zip(layers, scales, strict=True)])),
        weights.cast(torch.cat([layer.bias * scale for layer, scale in zip(layers, scales, strict=True)])),
    )


def _finish(block: _Block, x: Tensor, attended: Tensor, epsilon: float) -> Tensor:
    x = _norm(block.out.plus(attended, x), block.norm, epsilon)
    return _norm(block.down.plus(block.up.gelu(x), x), block.out_norm, epsilon)


def _norm(x: Tensor, norm: Linear, epsilon: float) -> Tensor:
    return F.layer_norm(x, (x.shape[-1],), norm.weight, norm.bias, epsilon)


def _padding_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Zero where a key is a token, minus infinity where it is padding: `[B, 1, 1, S]`."""
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, -math.inf)[:, None, None, :]


def _split(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """Take `[B, S, parts * D]` apart into `parts` times `[B, heads, S, D / heads]`."""
    return x.view(*x.shape[:2], parts, heads, -1).permute(2, 0, 3, 1, 4).unbind(0)


def _join(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def _pick(x: Tensor, keep: Tensor) -> Tensor:
    return x.gather(1, keep[:, :, None].expand(-1, -1, x.shape[-1]))
