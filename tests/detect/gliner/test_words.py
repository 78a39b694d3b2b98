import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.detect.gliner.words import MAX_WORD_CHARS, MAX_WORD_TOKENS, WordReader, sanitise, split
from tests.detect.models import unigram, wordpiece

TEXTS = st.text(st.characters(codec=None), max_size=80) | st.text("a_-\x1b\ufe0f\u200b\ud83d \n.é", max_size=40)


@given(TEXTS)
def test_sanitising_keeps_the_length_and_every_visible_character(text):
    clean = sanitise(text)
    assert len(clean) == len(text)
    assert all(after in (before, " ", "\N{REPLACEMENT CHARACTER}") for before, after in zip(text, clean, strict=True))
    clean.encode()  # no lone surrogate is left


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x7f", "\x00", "\ufe0f", "\u200b", "\u200d", "\ufeff", "\u202e"])
def test_invisible_characters_become_spaces(char):
    assert sanitise(f"a{char}b") == "a b"


@pytest.mark.parametrize("backend", [wordpiece, unigram])
@given(text=TEXTS)
def test_every_word_has_sub_tokens_and_its_place_in_the_text(backend, text):
    (words,) = WordReader(backend()).read([text])
    clean = sanitise(text)
    for word, start, end, ids in zip(*words, strict=True):
        assert clean[start:end] == word
        assert 0 < len(ids) <= MAX_WORD_TOKENS
        assert end - start <= MAX_WORD_CHARS
    assert words.starts == sorted(words.starts)


@pytest.mark.parametrize("backend", [wordpiece, unigram])
@given(text=TEXTS)
def test_words_left_out_are_those_without_a_sub_token(backend, text):
    tokenizer = backend()
    (words,) = WordReader(backend()).read([text])
    expected = [
        start
        for word, start, _ in split(sanitise(text))
        if tokenizer.encode([word], is_pretokenized=True, add_special_tokens=False).ids
    ]
    assert words.starts == expected


def test_a_word_of_many_characters_is_read_to_its_last_one():
    text = "x" * 1000
    (words,) = WordReader(unigram()).read([text])
    assert "".join(words.words) == text


def test_a_word_of_many_sub_tokens_is_read_in_halves():
    class Greedy:
        """Two sub-tokens for each character, as byte-level tokenizers give."""

        def no_padding(self): ...

        def no_truncation(self): ...

        def encode_batch(self, words, **_):
            return [type("Encoding", (), {"ids": [1, 2] * len(word)}) for (word,) in words]

    text = "y" * MAX_WORD_CHARS
    (words,) = WordReader(Greedy()).read([text])
    assert "".join(words.words) == text
    assert [len(ids) for ids in words.ids] == [MAX_WORD_TOKENS, MAX_WORD_TOKENS]


@given(st.text(max_size=60))
def test_split_loses_nothing_but_white_space(text):
    assert "".join(word for word, _, _ in split(text)) == re.sub(r"\s", "", text)


def test_the_answer_does_not_depend_on_what_was_read_before(monkeypatch):
    monkeypatch.setattr("scrubber.detect.gliner.words._MEMO_WORDS", 5)
    reader = WordReader(wordpiece())
    texts = ["one two three", "four five six", "one six seven eight nine ten"]
    once = [WordReader(wordpiece()).read([text])[0] for text in texts]
    assert [reader.read([text])[0] for text in texts] == once
    assert reader.read(texts) == once


def test_no_control_or_format_character_of_unicode_is_left():
    controls = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in {"Cc", "Cf"}]
    assert not [c for c in controls if not c.isspace() and sanitise(c) != " "]
