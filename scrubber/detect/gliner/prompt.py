"""The labels as the model reads them, in front of every text: tokenised once for each plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Prompt(NamedTuple):
    """Token ids before and after the words of a text, where each label's marker is in `before`, and the padding id."""

    before: list[int]
    after: list[int]
    markers: list[int]
    padding: int

    @property
    def tokens(self) -> int:
        """Tokens that no text can use."""
        return len(self.before) + len(self.after)


class Prompter:
    """Writes prompts for one model. `config` is the model's gliner_config.json."""

    def __init__(self, tokenizer: Tokenizer, config: Mapping[str, Any], encoder_config: Mapping[str, Any]) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()  # a saved tokenizer may cut at its limit without a word
        self._tokenizer = tokenizer
        self._label_marker = config.get("ent_token", "<<ENT>>")
        self._end_marker = config.get("sep_token", "<<SEP>>")
        self._marker_id = config["class_token_index"]
        self._embeds_marker = config.get("embed_ent_token", True)
        self._padding = encoder_config.get("pad_token_id") or 0
        probe = tokenizer.encode([self._end_marker], is_pretokenized=True)
        text = probe.special_tokens_mask.index(0)
        self._open, self._close = probe.ids[:text], probe.ids[text + 1 :]

    def prompt(self, labels: Sequence[str]) -> Prompt:
        """Return the prompt that asks for `labels`, in this order."""
        words = [word for label in labels for word in (self._label_marker, label) if word]
        encoded = self._tokenizer.encode([*words, self._end_marker], is_pretokenized=True, add_special_tokens=False)
        before = [*self._open, *encoded.ids]
        markers = [place for place, token in enumerate(before) if token == self._marker_id]
        assert len(markers) == len(labels), "The tokenizer does not know the label marker. This is a bug."
        return Prompt(before, self._close, [place + (not self._embeds_marker) for place in markers], self._padding)
