r"""Texts as the model reads them: words with their places in the text and their sub-token ids.

The model pools each word from its first sub-token, so a word without one would shift the answer for everything behind
it: an ANSI-coloured line then keeps its secret in clear. Hence two rules. Characters that a tokenizer may swallow are
blanked, one for one, so that places stay what they were; and a word that still gives no token is left out of the list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_WORD_CHARS = 128
"""Longer words are read in pieces: a megabyte of base64 is one word to the splitter."""

MAX_WORD_TOKENS = 128
"""A word of more sub-tokens is halved until it fits; every window has room for one such word."""

_MEMO_WORDS = 50_000

_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")
_VARIATION_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_ASSIGNED = (*range(0x20000), *range(0xE0000, 0xE1000))  # the planes of Unicode between and behind hold no controls
_INVISIBLE = [char for char in map(chr, _ASSIGNED) if unicodedata.category(char) in {"Cc", "Cf"}]
_TABLE = {
    **dict.fromkeys((ord(char) for char in _INVISIBLE if not char.isspace()), " "),
    **dict.fromkeys(_VARIATION_SELECTORS, " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}
_SUSPECT = re.compile(f"[{re.escape(''.join(map(chr, _TABLE)))}]")

Splitter = Callable[[str], Iterable[tuple[str, int, int]]]


class Words(NamedTuple):
    """The readable words of one text: word `i` is `text[starts[i]:ends[i]]` and has the sub-tokens `ids[i]`."""

    words: list[str]
    starts: list[int]
    ends: list[int]
    ids: list[list[int]]


def sanitise(text: str) -> str:
    """Blank control, zero-width and variation characters and replace lone surrogates; the length stays the same."""
    if (text.isascii() and text.isprintable()) or not _SUSPECT.search(text):
        return text
    return text.translate(_TABLE)


def split(text: str) -> Iterable[tuple[str, int, int]]:
    """Yield `(word, start, end)` as the models were trained on: runs of word characters; any other mark is a word."""
    for match in _WORD.finditer(text):
        yield match.group(), match.start(), match.end()


class WordReader:
    """Reads texts as words and remembers the sub-tokens of words it has seen (a bounded number of short ones).

    `tokenizer` is the private copy of this reader; `splitter` is the model's own where that is not `split`.
    """

    def __init__(self, tokenizer: Tokenizer, splitter: Splitter = split) -> None:
        self._tokenizer = tokenizer
        self._splitter = splitter
        self._memo: dict[str, list[int]] = {}
        tokenizer.no_padding()
        tokenizer.no_truncation()

    def read(self, texts: Sequence[str]) -> list[Words]:
        """Return the words of each text, in order."""
        pieces = [list(self._pieces(sanitise(text))) for text in texts]
        self._learn({word for text in pieces for word, _, _ in text})
        return [self._words(text) for text in pieces]

    def _pieces(self, text: str) -> Iterable[tuple[str, int, int]]:
        for word, start, end in self._splitter(text):
            if end - start <= MAX_WORD_CHARS:
                yield word, start, end
            else:
                for at in range(start, end, MAX_WORD_CHARS):
                    stop = min(at + MAX_WORD_CHARS, end)
                    yield text[at:stop], at, stop

    def _learn(self, words: set[str]) -> None:
        unknown = [word for word in words if word not in self._memo]
        if len(self._memo) + len(unknown) > _MEMO_WORDS:
            self._memo.clear()
            unknown = list(words)
        self._memo.update(zip(unknown, self._encode(unknown), strict=True))

    def _encode(self, words: list[str]) -> list[list[int]]:
        # Pre-split words are encoded each on its own, so their ids do not depend on their neighbours.
        pre_split = [[word] for word in words]
        encoded = self._tokenizer.encode_batch(pre_split, is_pretokenized=True, add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    def _words(self, pieces: list[tuple[str, int, int]]) -> Words:
        found = Words([], [], [], [])
        todo = pieces[::-1]
        while todo:
            word, start, end = todo.pop()
            ids = self._memo.get(word)
            if ids is None:
                (ids,) = self._encode([word])
            if len(ids) > MAX_WORD_TOKENS and end - start > 1:
                middle = (end - start) // 2
                todo.append((word[middle:], start + middle, end))
                todo.append((word[:middle], start, start + middle))
            elif ids:
                found.words.append(word)
                found.starts.append(start)
                found.ends.append(end)
                found.ids.append(ids)
        return found
