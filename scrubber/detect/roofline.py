"""What a span model has to compute for one line, and what a card could do at best: computed, never measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Card(NamedTuple):
    """A GPU by its data sheet: dense half-precision arithmetic (TFLOP/s) and memory bandwidth (GB/s)."""

    name: str
    peak_tflops: float
    bandwidth_gbs: float


CARDS = (
    Card("H100 SXM", 989, 3350),
    Card("A100 SXM 80 GB", 312, 2039),
    Card("A10", 125, 600),
    Card("L4", 121, 300),
    Card("T4", 65, 320),
)


class Line(NamedTuple):
    """A row as the model reads it: sub-tokens of prompt and text, words of the text, labels asked for."""

    prompt_tokens: int
    text_tokens: int
    words: int
    labels: int


class Work(NamedTuple):
    """Floating point operations for one line; a multiply-add is two."""

    linear: float
    attention: float
    head: float

    @property
    def gflop(self) -> float:
        """All of it, in GFLOP."""
        return (self.linear + self.attention + self.head) / 1e9


def work(line: Line, config: Mapping[str, Any], encoder: Mapping[str, Any], max_width: int) -> Work:
    """Return the work of one unpadded line for our engine, whose span head is factored.

    The last layer counts as a full one; norms, activations and look-ups are left out.
    """
    length = line.prompt_tokens + line.text_tokens
    width, layers = encoder["hidden_size"], encoder["num_hidden_layers"]
    linear = 2.0 * layers * length * (4 * width**2 + 2 * width * encoder["intermediate_size"])
    attention = 4.0 * layers * length**2 * width
    if encoder["model_type"] == "deberta-v2":
        attention += 4.0 * layers * length * (2 * length - 1) * width
    return Work(linear, attention, _head(line, config, width, max_width))


def prompt_share(line: Line) -> float:
    """Which part of the sub-tokens is the labels and not the line."""
    return line.prompt_tokens / (line.prompt_tokens + line.text_tokens)


def best_lines_per_second(card: Card, gflop: float) -> float:
    """Lines a second if nothing but arithmetic took time."""
    return card.peak_tflops * 1e3 / gflop


def batch_that_hides_the_weights(card: Card) -> float:
    """Sub-tokens in a batch above which arithmetic, not reading fp16 weights, takes the time."""
    return card.peak_tflops * 1e3 / card.bandwidth_gbs


def _head(line: Line, config: Mapping[str, Any], encoder_width: int, max_width: int) -> float:
    width: int = config["hidden_size"]
    read = line.words + line.labels
    projection = 2.0 * read * encoder_width * width if width != encoder_width else 0.0
    lstm: float = 12.0 * config.get("num_rnn_layers", 1) * line.words * width**2
    ends = line.words * (2 * 16.0 * width**2 + 16.0 * width**2)
    prompt = line.labels * (16.0 * width**2 + 8.0 * width**2)
    scores = 8.0 * line.words * max_width * width * line.labels
    return projection + lstm + ends + prompt + scores
