"""What people and pipelines do to text: case, typos, lost punctuation, odd white space. Labels stay on their pieces."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from training.scene import Piece

_KEEP_CASE = frozenset({"password", "api_key", "private_key", "crypto_wallet", "http_cookie"})
_MISSPELT = frozenset({"first_name", "last_name"})
_SAID_ALOUD = frozenset({"email"})
# Where most people have their mail: said without its marks, so that it is nobody's address.
_PROVIDERS = ("gmail", "gmail", "gmail", "yahoo", "hotmail", "outlook", "aol", "icloud", "msn", "live", "mail")
_BESIDE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_MARK = re.compile(r"[.,!?;:'\u2019\"()]")  # what a tokenizer takes off a word
_EMOJI = tuple("😂❤🔥🌴🍕💪🙏😭👍🎉😊🤔🐶⚽🎂✨👀💀🚀☕")
_KEEP_MARKS = frozenset({"ipv4", "ipv6", "mac_address", "coordinate", "url"})  # nothing without them


def lower(pieces: list[Piece]) -> list[Piece]:
    """Everything in lower case, but for secrets."""
    return [p if p.label in _KEEP_CASE else replace(p, text=p.text.lower()) for p in pieces]


def upper(pieces: list[Piece]) -> list[Piece]:
    """Everything in upper case, but for secrets."""
    return [p if p.label in _KEEP_CASE else replace(p, text=p.text.upper()) for p in pieces]


def bare(pieces: list[Piece]) -> list[Piece]:
    """No punctuation outside values, as speech-to-text and chat exports leave it."""
    table = str.maketrans("", "", ".,!?;:'\"()")
    return [p if p.label else replace(p, text=p.text.translate(table)) for p in pieces]


def stripped(pieces: list[Piece], rng: Random) -> list[Piece]:
    """No punctuation, in values neither: a telephone number is groups of digits, a mail address a row of words."""
    gap = rng.choice((" ", " ", ""))
    apart = rng.random() < 0.4  # letters and digits, as some exports have them
    done = []
    for piece in pieces:
        if piece.label in _KEEP_MARKS:
            done.append(piece)
            continue
        text = piece.text
        if piece.label in _SAID_ALOUD and rng.random() < 0.2:
            text = text.replace("@", " at ").replace(".", " dot ")
        elif piece.label in _SAID_ALOUD:  # without its marks it is no address, and its domain may end like any other
            text = re.sub(r"\.(?:example|test|invalid|local|internal|lan)$", ".com", text.replace(".example.", "."))
            if rng.random() < 0.7:
                text = f"{text.partition('@')[0]}@{rng.choice(_PROVIDERS)}.com"
            if rng.random() < 0.75:  # mostly its words run together
                text = re.sub(r"[^\w\s]|_", "", text)
        text = re.sub(r"[ \t]{2,}", " ", re.sub(r"[^\w\s]|_", gap, text.replace("'", "")))
        text = _BESIDE_DIGIT.sub(" ", text) if apart else text
        text = text.strip() if piece.label else text
        if text:
            done.append(replace(piece, text=text))
    return done


def spaced(pieces: list[Piece]) -> list[Piece]:
    """Every mark between blanks, in values too, as corpora and exports of tokens have it."""
    done = []
    for piece in pieces:
        if piece.label in _KEEP_MARKS | _KEEP_CASE | _SAID_ALOUD:
            done.append(piece)
            continue
        text = re.sub(r"[ \t]{2,}", " ", _MARK.sub(r" \g<0> ", piece.text))
        done.append(replace(piece, text=text.strip() if piece.label else text))
    return done


def pictured(pieces: list[Piece], rng: Random) -> list[Piece]:
    """Emoji between words, outside values."""
    done = []
    for piece in pieces:
        places = [i for i, char in enumerate(piece.text) if char == " "] if piece.label is None else []
        at = rng.choice(places) if places and rng.random() < 0.6 else -1
        face = f" {rng.choice(_EMOJI) * rng.choice((1, 1, 1, 3))}"
        done.append(piece if at < 0 else replace(piece, text=piece.text[:at] + face + piece.text[at:]))
    return done


def typos(pieces: list[Piece], rng: Random, rate: float) -> list[Piece]:
    """Swapped, doubled and lost letters outside values, and in names."""
    return [
        replace(p, text=_misspelt(p.text, rng, rate)) if p.label is None or p.label in _MISSPELT else p for p in pieces
    ]


def _misspelt(text: str, rng: Random, rate: float) -> str:
    out = list(text)
    for i in range(len(out) - 1):
        if out[i].isalpha() and out[i + 1].isalpha() and rng.random() < rate:
            match rng.randrange(3):
                case 0:
                    out[i], out[i + 1] = out[i + 1], out[i]
                case 1:
                    out[i] = ""
                case _:
                    out[i] *= 2
    return "".join(out)
