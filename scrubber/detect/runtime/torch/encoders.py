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
from scrubber.detect.runtime.torch.layouts import Layout, Piece, each
from scrubber.detect.runtime.torch.weights import Linear, Weights

_ROUNDING = 64
_COLUMNS = 32
_PLACES = 128


class Prefix(NamedTuple):
    """The tokens that all rows begin with: embedded, and as queries, keys and values of the first layer.

    `attended`: what its attention makes of them among themselves, `[1, heads, P, D]`, and the logarithm of the sums it
    divides by, `[1, heads, P]`.
    """

    embedded: Tensor
    qkv: Tensor
    attended: tuple[Tensor, Tensor] | None = None


class Encoder(Protocol):
    """Token ids in, hidden states out: of the tokens that a layout keeps, as it lays them out."""

    def prefix(self, ids: Tensor) -> Prefix:
        """Compute what does not depend on the tokens behind `ids` `[P]`, for `__call__`."""
        ...

    def __call__(self, prefix: Prefix, layout: Layout) -> Tensor:
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

    def prefix(self, ids: Tensor) -> Prefix:
        """See `Encoder`."""
        embedded = self._embedded(ids, torch.arange(len(ids), device=ids.device))
        qkv = self._blocks[0].qkv(embedded)
        attended = None if ids.is_cuda else _with_sums(*self._split(qkv[None], 3))
        return Prefix(embedded, qkv, attended)

    def __call__(self, prefix: Prefix, layout: Layout) -> Tensor:
        """See `Encoder`."""
        behind = self._embedded(layout.ids, layout.places)
        x = layout.behind(prefix.embedded, behind)
        for number, block in enumerate(self._blocks[:-1]):
            if number:
                attended = _attend(layout.pieces, *self._split(block.qkv(x), 3))
            else:
                parts = self._split(layout.behind(prefix.qkv, block.qkv(behind)), 3)
                attended = _attend_first(layout.pieces, prefix, *parts)
            x = _finish(block, x, attended, self._epsilon)
        key, value = self._split(self._last_key_value(x), 2)
        x = layout.pick(x)
        (query,) = self._split(self._last_query(x), 1)
        attended = _attend(layout.kept_pieces, query, key, value)
        return _finish(self._blocks[-1], x, attended, self._epsilon)

    def _embedded(self, ids: Tensor, places: Tensor) -> Tensor:
        return _norm(F.embedding(ids, self._words) + self._positions[places], self._norm, self._epsilon)

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

    def prefix(self, ids: Tensor) -> Prefix:
        """See `Encoder`."""
        embedded = self._embedded(ids)
        return Prefix(embedded, self._blocks[0].qkv(embedded))

    def __call__(self, prefix: Prefix, layout: Layout) -> Tensor:
        """See `Encoder`."""
        behind = self._embedded(layout.ids)
        x = layout.behind(prefix.embedded, behind)
        scratch = _Scratch(x, layout.pieces, self._heads)
        falling, rising = self._index(scratch.length, x.device)
        for number, (block, (keys, queries)) in enumerate(zip(self._blocks, self._positions, strict=True)):
            qkv = block.qkv(x) if number else layout.behind(prefix.qkv, block.qkv(behind))
            tables = keys[:, falling].transpose(1, 2), queries[:, rising].transpose(1, 2)
            attended = scratch.attend(_split(qkv, 3, self._heads), tables)
            if block is self._blocks[-1]:
                x, attended = layout.pick(x), layout.pick(attended)
            x = _finish(block, x, attended, self._epsilon)
        return x

    def _embedded(self, ids: Tensor) -> Tensor:
        return _norm(F.embedding(ids, self._words), self._norm, self._epsilon)

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
    """Memory for the position terms of the batch `x` `[B, S, D]`, and attention with them.

    `length` is that of the rows which the tables of distances are made for.
    """

    def __init__(self, x: Tensor, pieces: Sequence[Piece], heads: int) -> None:
        self._pieces = pieces
        longest = max(piece.keys.stop - piece.keys.start for piece in pieces)
        self.length = longest + -longest % _ROUNDING
        self._places = longest if x.is_cuda else min(longest, _PLACES)
        rows = len(x)
        self._table = x.new_empty(rows * heads * self._places * (longest + self._places))
        self._bias = x.new_empty(rows * heads * longest * longest)

    def attend(self, parts: Sequence[Tensor], tables: tuple[Tensor, Tensor]) -> Tensor:
        """Attend with `parts` (query, key, value, each `[B, heads, S, D]`).

        `tables` `[heads, D, columns]` are the position keys and queries by distance.
        """
        return each(self._pieces, lambda piece: self._attend(piece, parts, tables), parts[0].shape[2])

    def _attend(self, piece: Piece, parts: Sequence[Tensor], tables: tuple[Tensor, Tensor]) -> Tensor:
        # Every key is a query, too: the table of scores is square.
        query, key, value = (part[piece.rows, :, piece.keys].contiguous() for part in parts)
        rows, heads, length, _ = query.shape
        bias = self._bias[: rows * heads * length * length].view(rows, heads, length, length)
        for low in range(0, length, self._places):
            places = slice(low, min(low + self._places, length))
            bias[..., places].copy_(self._scores(key, tables[1], places).transpose(2, 3))
        for low in range(0, length, self._places):
            places = slice(low, min(low + self._places, length))
            bias[..., places, :].add_(self._scores(query, tables[0], places))
        if piece.bias is not None:
            bias[..., -piece.doubtful :] += piece.bias[..., -piece.doubtful :]
        answer = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=1.0)
        wanted = piece.queries.indices(parts[0].shape[2])
        return answer[:, :, : wanted[1] - wanted[0]]

    def _scores(self, x: Tensor, table: Tensor, places: slice) -> Tensor:
        """Score `places` of `x` with all places of the row, by their distances: `[B, heads, places, S]`.

        The first place of all sees the distances that begin at column `self.length` - 1 of the table, the next one
        begins one column before, and so on.
        """
        rows, heads, length, _ = x.shape
        some = places.stop - places.start
        columns = slice(self.length - places.stop, self.length + length - places.start)
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


def _attend(pieces: Sequence[Piece], query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return each(
        pieces,
        lambda piece: F.scaled_dot_product_attention(*piece.of(query, key, value), attn_mask=piece.bias),
        query.shape[2],
    )


def _attend_first(pieces: Sequence[Piece], prefix: Prefix, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend in the first layer, where what the prefix makes of itself is known: it only looks at what is behind it."""
    if prefix.attended is None:
        return _attend(pieces, query, key, value)
    known, known_sums = prefix.attended

    def attend(piece: Piece) -> Tensor:
        queries, keys, values = piece.of(query, key, value)
        size = known.shape[2]
        bias = None if piece.bias is None else piece.bias[..., size:]
        seen, sums = _with_sums(queries[:, :, :size], keys[:, :, size:], values[:, :, size:], bias)
        both = torch.lerp(seen, known, (known_sums - sums).sigmoid()[..., None].to(known.dtype))
        behind = F.scaled_dot_product_attention(queries[:, :, size:], keys, values, attn_mask=piece.bias)
        return torch.cat((both.transpose(1, 2), behind.transpose(1, 2)), 1).transpose(1, 2)

    return each(pieces, attend, query.shape[2])


def _with_sums(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Attend on a CPU; return also the logarithm of the sums that the answers were divided by."""
    kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001 - the one that torch takes
    answer, sums = kernel(query, key, value, attn_mask=bias)
    return answer, sums


def _split(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """Take `[B, S, parts * D]` apart into `parts` times `[B, heads, S, D / heads]`."""
    return x.view(*x.shape[:2], parts, heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
