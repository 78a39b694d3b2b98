import numpy as np
import pytest

from scrubber.detect.roofline import (
    CARDS,
    Line,
    batch_that_hides_the_weights,
    best_lines_per_second,
    prompt_share,
    work,
)

DEBERTA_LARGE = {
    "model_type": "deberta-v2",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "intermediate_size": 4096,
}
BERT = {"model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536}
LINE = Line(prompt_tokens=215, text_tokens=61, words=35, labels=55)


def test_a_line_of_the_large_model_costs_what_was_counted_by_hand():
    cost = work(LINE, {"hidden_size": 512}, DEBERTA_LARGE, 12)
    assert cost.linear == 2 * 24 * 276 * (4 * 1024**2 + 2 * 1024 * 4096)
    assert cost.linear / 1e9 == pytest.approx(166.7, abs=0.1)
    assert cost.attention / 1e9 == pytest.approx(7.5 + 15.0, abs=0.1)
    assert 0.3 < cost.head / 1e9 < 1.5


def test_bert_has_no_position_products():
    cost = work(LINE, {"hidden_size": 384, "num_rnn_layers": 0}, BERT, 16)
    assert cost.attention == 4 * 6 * 276**2 * 384


def test_flops_of_the_head_are_those_that_torch_counts(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from scrubber.detect.gliner.checkpoint import Checkpoint
    from scrubber.detect.gliner.loader import load_gliner
    from scrubber.detect.options import ModelOptions
    from tests.detect.models import LABELS, Shape, save_gliner

    # Torch counts only what is its own.
    monkeypatch.setattr("scrubber.detect.runtime.torch.dense._has_kernels", lambda _: False)
    folder = save_gliner(tmp_path, Shape(lstm_layers=0, hidden=48))
    engine = load_gliner(folder, ModelOptions())
    checkpoint = Checkpoint(folder)
    head = engine._model._model._head
    words, labels = torch.randn(1, 32, 48), torch.randn(1, len(LABELS), 48)
    with FlopCounterMode(display=False) as counter:
        head(labels, words, np.array([32]))
    line = Line(prompt_tokens=30, text_tokens=40, words=32, labels=len(LABELS))
    counted = work(line, {**checkpoint.config, "hidden_size": 48}, checkpoint.encoder_config, 12).head
    projection = 2 * (32 + len(LABELS)) * 32 * 48
    assert counter.get_total_flops() == pytest.approx(counted - projection, rel=0.01)


def test_a_faster_card_does_more_and_a_longer_prompt_is_a_larger_share():
    rates = [best_lines_per_second(card, 191) for card in CARDS]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(5178, abs=1)
    assert all(100 < batch_that_hides_the_weights(card) < 1000 for card in CARDS)
    assert prompt_share(LINE) == pytest.approx(0.78, abs=0.01)
