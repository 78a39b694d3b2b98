"""Promises of the training loop's schedule."""

import pytest

pytest.importorskip("gliner")
pytestmark = pytest.mark.gliner

import torch  # noqa: E402 - torch and gliner are optional
from safetensors.torch import load_file, save_file  # noqa: E402

from scrubber.detect.hub import EMBEDDED, locate  # noqa: E402
from training.export import expand  # noqa: E402
from training.train import WARM_UP, Run, rate  # noqa: E402


@pytest.mark.parametrize(("left", "factor"), [(3.0, 1.0), (1.0, 1.0), (0.25, 0.25), (0.0, 0.0), (-0.1, 0.0)])
def test_a_cooldown_by_the_clock_brings_the_rate_to_zero_when_time_is_up(left, factor):
    assert rate(WARM_UP, None, left) == factor


def test_a_cooldown_by_steps_brings_the_rate_to_zero_at_its_last_step():
    rates = [rate(step, (1000, 100)) for step in (999, 1000, 1050, 1100, 1200)]
    assert rates == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_the_first_steps_warm_up():
    assert rate(0, None) < rate(WARM_UP // 2, None) < rate(WARM_UP, None) == 1


def test_a_run_begins_with_the_weights_of_the_shipped_model(tmp_path):
    folder = locate(EMBEDDED).folder
    shipped = expand(load_file(folder / "model.safetensors"))
    run = Run(tmp_path, 1, folder)
    for name, value in run.gliner.model.state_dict().items():
        assert "pooler." in name or torch.equal(value, shipped[name].to(value.dtype))
    assert torch.equal(run.net.special, shipped[next(n for n in shipped if "word_embeddings" in n)][run.net.known :])
    assert all(torch.equal(run.average[name], value) for name, value in run.trained.items())


def test_a_run_does_not_begin_with_the_weights_of_another_network(tmp_path):
    save_file({"other.weight": torch.ones(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"other\.weight"):
        Run(tmp_path / "run", 1, tmp_path)
