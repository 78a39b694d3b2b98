"""Promises of the span head: a CPU goes row by row, a GPU takes the batch at once; the scores are the same."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.gliner

SIZE, WIDTH = 8, 4


def _weights():
    from scrubber.detect.runtime.torch.device import Device
    from scrubber.detect.runtime.torch.weights import Weights

    torch.manual_seed(7)
    inner = 4 * SIZE
    spans = "span_rep_layer.span_rep_layer"
    tensors = {}
    for name, inputs in (
        ("prompt_rep_layer", SIZE),
        (f"{spans}.project_start", SIZE),
        (f"{spans}.project_end", SIZE),
        (f"{spans}.out_project", 2 * SIZE),
    ):
        tensors[f"{name}.0.weight"], tensors[f"{name}.0.bias"] = torch.randn(inner, inputs), torch.randn(inner)
        tensors[f"{name}.3.weight"], tensors[f"{name}.3.bias"] = torch.randn(SIZE, inner), torch.randn(SIZE)
    return Weights(tensors, Device("cpu", "float32"))


def test_rows_are_scored_alike_one_by_one_and_together():
    from scrubber.detect.runtime.torch.span_model import _SpanHead

    hidden, counts = torch.randn(3, 11, SIZE), np.array([6, 1, 4])
    labels, words = hidden[:, :5], hidden[:, 5:]  # slices, as the model cuts them
    alone, together = (_SpanHead(_weights(), WIDTH, row_by_row=each)(labels, words, counts) for each in (True, False))
    assert alone.shape == (3, 6, WIDTH, 5)
    possible = np.arange(6)[:, None] + np.arange(WIDTH) < counts[:, None, None]
    torch.testing.assert_close(alone[possible], together[possible])
    assert not torch.allclose(alone[0, 0], alone[1, 0])
