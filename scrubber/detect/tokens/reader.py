"""Texts as a token classifier reads them: sub-tokens with their places in the text, in groups that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from scrubber.detect.gliner.words import MAX_WORD_TOKENS, sanitise

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Tokens(NamedTuple):
    """Sub-token `i` of a text is `ids[i]` and stands at `starts[i]` to `ends[i]`; word `w` is sub-tokens `words[w]`."""

    ids: list[int]
    starts: list[int]
    ends: list[int]
    words: list[range]


class TokenReader:
    """Reads texts with a tokenizer of its own. `before` and `after` are the ids that every row begins and ends with."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text
        self._tokenizer = tokenizer
        probe = tokenizer.encode("a")
        text = probe.special_tokens_mask.index(0)
        rest = probe.special_tokens_mask.index(1, text)
        self.before, self.after = probe.ids[:text], probe.ids[rest:]

    def read(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the sub-tokens of each text, in order."""
        encoded = self._tokenizer.encode_batch([sanitise(text) for text in texts], add_special_tokens=False)
        found = []
        for encoding in encoded:
            starts, ends = zip(*encoding.offsets, strict=True) if encoding.offsets else ((), ())
            found.append(Tokens(encoding.ids, list(starts), list(ends), _words(encoding.word_ids)))
        return found


def _words(numbers: Sequence[int | None]) -> list[range]:
    """Group neighbours of one word, a long one in pieces: every window has room for `MAX_WORD_TOKENS`."""
    words: list[range] = []
    start = 0
    for place in range(1, len(numbers) + 1):
        whole = place == len(numbers) or numbers[place] != numbers[start]
        if whole or place - start == MAX_WORD_TOKENS:
            words.append(range(start, place))
            start = place
    return words
