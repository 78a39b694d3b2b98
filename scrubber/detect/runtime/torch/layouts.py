"""Where the tokens of a batch lie, and what each of them attends to.

All rows of a batch begin with the same tokens, the prefix: for a span model its labels. Padded rows are a tensor
`[B, S]`, as a GPU likes them. Packed ones lie one behind another, `[1, N]`: a CPU attends to them one by one, and is
spared the padding everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from numpy.typing import NDArray
from torch import Tensor

from scrubber.detect.runtime.torch.device import Device

_ROUND = 16
"""Attention takes up to twice as long if the keys of a row do not fill vectors."""


def few_sizes(size: int) -> int:
    """Return `size` or up to a sixteenth more: one of few numbers.

    A CPU's library makes kernels for every number of rows that a matrix has, which takes it as long as ten products.
    """
    step = max(_ROUND, 1 << size.bit_length() >> 5)
    return size + -size % step


class Rows(NamedTuple):
    """Token `ids` `[B, S]` of rows of `lengths` `[B]`, the first `prefix` of them alike.

    `keep` `[B, K]` are the places of the tokens that somebody reads in the end, `kept` `[B]` how many in each row.
    """

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    prefix: int
    keep: NDArray[np.int64]
    kept: NDArray[np.int64]


class Piece(NamedTuple):
    """What is attended at once: `queries` of `rows` look at `keys`.

    `bias` `[B, 1, 1, keys]` is minus infinity where a key is not to be seen, which may be so for the last `doubtful`
    ones; None: every query sees all keys.
    """

    rows: slice
    queries: slice
    keys: slice
    bias: Tensor | None
    doubtful: int

    def of(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cut this piece out of tensors `[B, heads, tokens, D]`."""
        return query[self.rows, :, self.queries], key[self.rows, :, self.keys], value[self.rows, :, self.keys]


class Packing(NamedTuple):
    """Where the rows end in `Layout.ids`, and what of `Rows.keep` is kept `[B, K]`."""

    ends: Sequence[int]
    is_kept: Tensor


class Layout(NamedTuple):
    """Rows on a device: `ids` and `places` of their tokens behind the prefix, and which tokens are `kept` in the end.

    All tokens attend by `pieces`, kept ones by `kept_pieces`. Without `packing`, rows are padded.
    """

    ids: Tensor
    places: Tensor
    pieces: Sequence[Piece]
    kept: Tensor
    kept_pieces: Sequence[Piece]
    packing: Packing | None

    def behind(self, prefix: Tensor, rest: Tensor) -> Tensor:
        """Put `prefix` `[P, D]` in front of what each row has in `rest`, which lies as `ids` do."""
        if self.packing is None:
            return torch.cat((prefix.expand(len(rest), -1, -1), rest), 1)
        parts: list[Tensor] = []
        start = 0
        for end in self.packing.ends:
            parts += (prefix, rest[0, start:end])
            start = end
        return torch.cat(parts)[None]

    def pick(self, x: Tensor) -> Tensor:
        """Return of `x` what is kept, which lies as the queries of `kept_pieces`."""
        if self.packing is None:
            return x.gather(1, self.kept[:, :, None].expand(-1, -1, x.shape[-1]))
        return x[:, self.kept]

    def rows(self, picked: Tensor) -> Tensor:
        """Bring what was picked to rows, `[B, K, D]`."""
        if self.packing is None:
            return picked
        rows = picked.new_zeros(*self.packing.is_kept.shape, picked.shape[-1])
        count = int(self.packing.is_kept.sum())
        rows[self.packing.is_kept] = picked[0, :count]
        return rows


def padded(rows: Rows, device: Device) -> Layout:
    """Lay `rows` out as they are; what is kept is `[B, K]`."""
    length = rows.ids.shape[1]
    ids = device.send(np.ascontiguousarray(rows.ids[:, rows.prefix :]))
    shortest = int(rows.lengths.min())
    bias = None
    if shortest < length:
        is_padding = torch.arange(shortest, length, device=ids.device) >= device.send(rows.lengths)[:, None]
        hides = torch.zeros(is_padding.shape, dtype=device.dtype, device=ids.device)
        bias = F.pad(hides.masked_fill_(is_padding, -torch.inf), (shortest, 0))[:, None, None, :]
    everything = Piece(slice(None), slice(None), slice(0, length), bias, length - shortest)
    places = torch.arange(rows.prefix, length, device=ids.device)
    return Layout(ids, places, [everything], device.send(rows.keep), [everything], None)


def packed(rows: Rows, device: Device) -> Layout:
    """Lay `rows` one behind another; what is kept is `[1, sum of rows.kept]`."""
    rest = rows.lengths - rows.prefix
    column = np.arange(rows.ids.shape[1] - rows.prefix)
    is_token = column < rest[:, None]
    tokens, behind = int(rows.lengths.sum()), int(rest.sum())
    more = few_sizes(tokens) - tokens
    spare = (0, few_sizes(behind + more) - behind)
    ids = np.pad(rows.ids[:, rows.prefix :][is_token], spare)
    places = np.pad(np.broadcast_to(column + rows.prefix, is_token.shape)[is_token], spare)
    ends = rest.cumsum()
    ends[-1] += more
    stops = rows.lengths.cumsum()
    starts = stops - rows.lengths
    longest = int(rows.lengths.max())
    hides = torch.zeros(longest + _ROUND, dtype=device.dtype)
    hides[longest:] = -torch.inf
    pieces: list[Piece] = []
    for start, stop, length in zip(starts.tolist(), stops.tolist(), rows.lengths.tolist(), strict=True):
        # The keys go on into the next row, up to a round number. Those are hidden.
        keys = slice(start, min(start - -length // _ROUND * _ROUND, tokens + more))
        doubtful = keys.stop - start - length
        bias = hides[longest - length :][: length + doubtful].view(1, 1, 1, -1) if doubtful else None
        pieces.append(Piece(slice(None), slice(start, stop), keys, bias, doubtful))
    is_kept = np.arange(rows.keep.shape[1]) < rows.kept[:, None]
    flat = (rows.keep + starts[:, None])[is_kept]
    kept = torch.from_numpy(np.pad(flat, (0, few_sizes(len(flat)) - len(flat))))
    kept_pieces = [
        piece._replace(queries=slice(stop - count, stop))
        for piece, count, stop in zip(pieces, rows.kept.tolist(), rows.kept.cumsum().tolist(), strict=True)
    ]
    packing = Packing(ends.tolist(), torch.from_numpy(is_kept))
    return Layout(torch.from_numpy(ids)[None], torch.from_numpy(places), pieces, kept, kept_pieces, packing)


def each(pieces: Sequence[Piece], attend: Callable[[Piece], Tensor], size: int) -> Tensor:
    """Return what `attend` answers for the pieces, each `[B, heads, queries, D]`, with the heads side by side.

    `size` is the number of all queries: those of no piece get zeros.
    """
    answers = [attend(piece).transpose(1, 2).flatten(2) for piece in pieces]
    rest = size - sum(answer.shape[1] for answer in answers)
    if rest:
        answers.append(answers[0].new_zeros(1, rest, answers[0].shape[2]))
    return answers[0] if len(answers) == 1 else torch.cat(answers, 1)
