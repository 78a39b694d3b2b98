import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.wording import read_wording
from training.export import expand, pack
from training.graph import SCALE
from training.labels import WORDING


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 70), st.integers(0, 2**31), st.floats(1e-4, 1e3))
def test_packed_matrices_come_back_within_half_a_step_of_their_row(rows, columns, seed, size):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * size
    packed = pack({"layer.weight": matrix})
    assert packed["layer.weight"].dtype == torch.int8
    error = (expand(packed)["layer.weight"] - matrix).abs()
    assert (error <= packed["layer.weight" + SCALE][:, None] * 0.501).all()


def test_vectors_are_kept_as_halves_and_the_backbones_sentence_head_is_left_out():
    packed = pack({"norm.bias": torch.tensor([0.5, -0.25]), "bert.pooler.dense.weight": torch.ones(2, 2)})
    assert list(packed) == ["norm.bias"]
    assert expand(packed)["norm.bias"].tolist() == [0.5, -0.25]


def test_a_row_of_zeros_survives():
    assert expand(pack({"w": torch.zeros(2, 3)}))["w"].tolist() == [[0.0] * 3] * 2


def test_the_model_that_ships_is_asked_in_the_words_that_it_was_trained_with():
    assert read_wording(locate(EMBEDDED).folder) == WORDING
