r"""Views: what the rules read instead of parsed fields.

A parser that drops a duplicate key, or gives up at some depth, must not decide what is scanned. So rules read the raw
bytes and, where there are escapes, the bytes with the escapes undone (`\n`, `\u0040`; `%40` where no backslash escape
is left), again and again until nothing changes: JSON inside a string inside JSON is only the next view. What is found
in a view is brought back to the raw bytes; a part of an escape always becomes the whole escape.

Valid JSON holds backslashes only where they mean something, so there the first view replaces the raw bytes. Everywhere
else (`C:\users`) both are read.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MAX_ROUNDS = 8
"""Rounds of escapes that are undone: runs of up to 256 backslashes. A text with more is not understood."""

_Offsets = npt.NDArray[np.int64]
_Bytes = npt.NDArray[np.uint8]

_LONGEST = 12  # bytes of a surrogate pair, the widest escape; as many follow the last text, so that looking ahead ends

_SIMPLE = np.full(256, -1, np.int64)
_SIMPLE[list(b'ntrbf"/\\')] = list(b'\n\t\r\b\f"/\\')
_HEX = np.full(256, -1, np.int64)
_HEX[list(b"0123456789abcdefABCDEF")] = [*range(16), *range(10, 16)]


Widen = Callable[[bytes, int, int], tuple[int, int]]


class Located(NamedTuple):
    """`[starts, ends)` in `texts` (indices): three arrays of one length; bytes."""

    texts: _Offsets
    starts: _Offsets
    ends: _Offsets


class Views:
    """All views of some raw texts. Rules scan `buffers`; `to_raw` brings back what they find there.

    `is_json` tells whether a raw text with escapes is valid JSON. `too_deep` are the raw texts that still have escapes
    after `MAX_ROUNDS`.
    """

    def __init__(self, raw: Sequence[bytes], is_json: Callable[[bytes], bool]) -> None:
        self._levels: list[Sequence[bytes]] = [raw]
        self._rounds: list[_Round] = []
        while len(self._rounds) <= MAX_ROUNDS and (done := _undo_round(self._levels[-1])):
            self._rounds.append(done)
            self._levels.append(done.texts)
        self.too_deep: list[int] = []
        if len(self._rounds) > MAX_ROUNDS:
            level = len(self._rounds)
            self.too_deep = sorted(self._root(level, text) for text in range(len(self._levels[level])))
            self._rounds.pop()
            self._levels.pop()

        replaced: set[int] = set()
        if self._rounds:
            first = self._rounds[0]
            unescaped = itertools.compress(first.parents, first.backslash)
            replaced = {index for index in unescaped if is_json(raw[index])}
        self.buffers: list[bytes] = []
        self._firsts: list[int] = []  # buffer of each level that is its first
        self._places: list[Sequence[int]] = []  # of the buffers of each level among its texts
        for level, texts in enumerate(self._levels):
            places: Sequence[int] = range(len(texts))
            if level == 0 and replaced:
                places = [index for index in places if index not in replaced]
            self._firsts.append(len(self.buffers))
            self._places.append(places)
            self.buffers += texts if len(places) == len(texts) else map(texts.__getitem__, places)

    def unscanned(self) -> list[int]:
        """Return the raw texts that no buffer stands for: no rule would read them. There are none, or this is a bug."""
        raw = range(len(self._levels[0]))
        if len(self.buffers) != sum(map(len, self._places)):  # nobody knows which
            return list(raw)
        if len(self._places[0]) == len(raw):
            return []
        replaced = map(self._rounds[0].parents.__getitem__, self._places[1]) if self._rounds else ()
        return sorted(set(raw).difference(self._places[0], replaced))

    def origin(self, buffer: int) -> tuple[int, int]:
        """Return the level of a buffer (0: raw) and its place among the texts of that level."""
        if not self._rounds:
            return 0, buffer
        level = bisect_right(self._firsts, buffer) - 1
        return level, self._places[level][buffer - self._firsts[level]]

    def to_raw(self, found: Located) -> Located:
        """Bring spans of buffers back to the raw texts."""
        if not self._rounds:
            return found
        origins = np.array([self.origin(buffer) for buffer in found.texts.tolist()], np.int64).reshape(-1, 2)
        levels, texts = origins[:, 0], origins[:, 1]
        starts, ends = found.starts.copy(), found.ends.copy()
        for level in range(len(self._rounds), 0, -1):
            here = np.flatnonzero(levels >= level)
            if len(here):
                below = Located(texts[here], starts[here], ends[here])
                texts[here], starts[here], ends[here] = self._rounds[level - 1].to_parent(below)
        return Located(texts, starts, ends)

    def to_raw_widened(self, buffer: int, start: int, end: int, widen: Widen) -> tuple[int, int, int]:
        """Bring one span back to the raw text, and let `widen` move its edges at every level on the way.

        Only on the way can be seen what a quote is worth: `ab"cd` looks closed after `ab` until its escapes are back.
        Returns the index of the raw text, start and end.
        """
        level, text = self.origin(buffer)
        start, end = widen(self._levels[level][text], start, end)
        for above in range(level - 1, -1, -1):
            span = self._rounds[above].to_parent(Located(np.array([text]), np.array([start]), np.array([end])))
            (text,), (start,), (end,) = (array.tolist() for array in span)
            start, end = widen(self._levels[above][text], start, end)
        return text, start, end

    def root(self, buffer: int) -> int:
        """Return which raw text a buffer comes from."""
        level, text = self.origin(buffer)
        return self._root(level, text)

    def _root(self, level: int, text: int) -> int:
        for above in range(level - 1, -1, -1):
            text = self._rounds[above].parents[text]
        return text


class _Round(NamedTuple):
    """One round: the texts that changed, what they were made of, and by which kind of escape."""

    decoded: Decoded
    places: _Offsets
    parents: list[int]
    backslash: list[bool]
    texts: list[bytes]

    def to_parent(self, span: Located) -> Located:
        starts, ends = self.decoded.to_parent(Located(self.places[span.texts], span.starts, span.ends))
        return Located(np.array(self.parents, np.int64)[span.texts], starts, ends)


def _undo_round(texts: Sequence[bytes]) -> _Round | None:
    marked = _marked(texts)
    candidates = [marked[place] for place in _with_escapes([texts[index] for index in marked])] if marked else []
    if not candidates:
        return None
    decoded = Decoded([texts[index] for index in candidates])
    places = [place for place, changed in enumerate(decoded.changed) if changed]
    if not places:
        return None
    return _Round(
        decoded,
        np.array(places, np.int64),
        [candidates[place] for place in places],
        [decoded.backslash[place] for place in places],
        [decoded.texts[place] for place in places],
    )


def _marked(texts: Sequence[bytes]) -> list[int]:
    """Return which of `texts` have a backslash or a percent sign: few, so each is gone to."""
    joined = b"\n".join(texts)
    found: set[int] = set()
    ends: list[int] = []
    for mark in (b"\\", b"%"):
        at = joined.find(mark)
        while at >= 0:
            ends = ends or np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1).tolist()
            index = bisect_right(ends, at)
            found.add(index)
            at = joined.find(mark, ends[index])
    return sorted(found)


def _with_escapes(texts: Sequence[bytes]) -> list[int]:
    r"""Return which of `texts` may have an escape; whether what looks like `\u` is one, `Decoded` tells."""
    characters = np.frombuffer(b"\n".join(texts) + b"\n" * _LONGEST, np.uint8)
    (marks,) = ((characters == ord("\\")) | (characters == ord("%"))).nonzero()
    following = characters[marks + 1]
    percents = (_HEX[following] >= 0) & (_HEX[characters[marks + 2]] >= 0)
    backslashes = (_SIMPLE[following] >= 0) | (following == ord("u"))
    heads = marks[np.where(characters[marks] == ord("%"), percents, backslashes)]
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    return list(dict.fromkeys(ends.searchsorted(heads, "right").tolist()))


class Decoded:
    """Texts with their escapes undone once, and the way back.

    `changed[i]`: text `i` has escapes. `backslash[i]`: they are backslash escapes; percent escapes are undone only in
    texts that have none of those, and not at all without `percents`: one may stand for any byte, and then what was
    UTF-8 is none any more.
    """

    def __init__(self, texts: Sequence[bytes], *, percents: bool = True) -> None:
        self._starts = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1, out=self._starts[1:])
        joined = np.frombuffer(b"\n".join(texts) + b"\n" * _LONGEST, np.uint8).copy()

        backslashes = _backslash_escapes(joined)
        with_backslash = self._have(backslashes.heads)
        escapes = backslashes
        if percents:
            found = _percent_escapes(joined)
            alone = ~with_backslash[self._starts.searchsorted(found.heads, "right") - 1]
            escapes = _in_order(backslashes, _Escapes(*(array[alone] for array in found)))

        self._heads, self._raw_widths = escapes.heads, escapes.raw_widths
        self._removed = np.zeros(len(escapes.heads) + 1, np.int64)
        np.cumsum(escapes.raw_widths - escapes.widths, out=self._removed[1:])
        self._view_starts = escapes.heads - self._removed[:-1]
        self._view_ends = self._view_starts + escapes.widths
        self._offsets = self._starts - self._removed[escapes.heads.searchsorted(self._starts)]

        view = _undo(joined, escapes)
        bounds = self._offsets.tolist()
        self.texts = [view[start : end - 1] for start, end in itertools.pairwise(bounds)]
        self.backslash: list[bool] = with_backslash.tolist()
        self.changed: list[bool] = self._have(escapes.heads).tolist()

    def to_parent(self, span: Located) -> tuple[_Offsets, _Offsets]:
        """Return starts and ends in the texts that these were made of."""
        offsets, parents = self._offsets[span.texts], self._starts[span.texts]
        return self._map(span.starts + offsets, 0) - parents, self._map(span.ends + offsets, 1) - parents

    def _map(self, positions: _Offsets, edge: int) -> _Offsets:
        """`edge` 0: a position inside an escape moves to its start; 1: to its end."""
        before = self._view_ends.searchsorted(positions, "right")
        mapped = positions + self._removed[before]
        inside = np.flatnonzero(before < len(self._heads))
        inside = inside[self._view_starts[before[inside]] < positions[inside]]
        escape = before[inside]
        mapped[inside] = self._heads[escape] + edge * self._raw_widths[escape]
        return mapped

    def _have(self, heads: _Offsets) -> npt.NDArray[np.bool_]:
        return np.diff(heads.searchsorted(self._starts)) > 0


class _Escapes(NamedTuple):
    """Where escapes begin, how many bytes they take, which character (or, of a percent escape, byte) they stand for."""

    heads: _Offsets
    raw_widths: _Offsets
    codes: _Offsets
    widths: _Offsets


def _backslash_escapes(joined: _Bytes) -> _Escapes:
    slashes = np.flatnonzero(joined == ord("\\"))
    # In a run of backslashes the first, third, ... begins an escape.
    index = np.arange(len(slashes))
    run = np.maximum.accumulate(np.where(np.diff(slashes, prepend=-2) != 1, index, 0))
    heads = slashes[(index - run) % 2 == 0]
    following = joined[heads + 1]
    codes, raw_widths = _SIMPLE[following], np.full(len(heads), 2)
    if len(hex_escapes := np.flatnonzero(following == ord("u"))):
        codes[hex_escapes], raw_widths[hex_escapes] = _unicode(joined, heads[hex_escapes])
    known = codes >= 0  # what is no escape (a Windows path, a lone surrogate) stays as it is
    heads, codes, raw_widths = heads[known], codes[known], raw_widths[known]
    return _Escapes(heads, raw_widths, codes, 1 + (codes > 0x7F) + (codes > 0x7FF) + (codes > 0xFFFF))


def _unicode(joined: _Bytes, heads: _Offsets) -> tuple[_Offsets, _Offsets]:
    r"""Return character and width of the `\uXXXX` at `heads`; -1 for what is none, or the second half of a pair."""
    digits = _HEX[joined[heads[:, None] + np.arange(2, 6)]]
    codes = np.where((digits >= 0).all(axis=1), digits @ np.array([4096, 256, 16, 1]), -1)
    raw_widths = np.full(len(heads), 6)
    high, low = (codes >> 10) == 0xD800 >> 10, (codes >> 10) == 0xDC00 >> 10
    pair = np.flatnonzero(high[:-1] & low[1:] & (np.diff(heads) == 6))
    characters = 0x10000 + ((codes[pair] & 0x3FF) << 10) + (codes[pair + 1] & 0x3FF)
    codes[high | low] = -1
    codes[pair], raw_widths[pair] = characters, 12
    return codes, raw_widths


def _percent_escapes(joined: _Bytes) -> _Escapes:
    heads = np.flatnonzero(joined == ord("%"))
    digits = _HEX[joined[heads[:, None] + np.arange(1, 3)]]
    codes = digits @ np.array([16, 1])
    known = (digits >= 0).all(axis=1)
    heads, codes = heads[known], codes[known]
    return _Escapes(heads, np.full(len(heads), 3), codes, np.ones(len(heads), np.int64))


def _in_order(first: _Escapes, second: _Escapes) -> _Escapes:
    if not len(second.heads):
        return first
    order = np.argsort(np.concatenate([first.heads, second.heads]), kind="stable")
    return _Escapes(*(np.concatenate(arrays)[order] for arrays in zip(first, second, strict=True)))


def _undo(joined: _Bytes, escapes: _Escapes) -> bytes:
    """Write each character over the front of its escape, as UTF-8, and leave out the rest of it."""
    heads, raw_widths, codes, widths = escapes
    keep = np.ones(len(joined), np.bool_)
    for place in range(1, int(raw_widths.max(initial=0))):
        keep[heads[(place >= widths) & (place < raw_widths)] + place] = False
    single = widths == 1
    joined[heads[single]] = codes[single]
    for width, lead in ((2, 0xC0), (3, 0xE0), (4, 0xF0)):
        wide = widths == width
        at, code = heads[wide], codes[wide]
        joined[at] = lead | (code >> 6 * (width - 1))
        for place in range(1, width):
            joined[at + place] = 0x80 | (code >> 6 * (width - 1 - place)) & 0x3F
    return joined[keep].tobytes()
