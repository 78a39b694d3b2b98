"""Promises of the training loop's schedule."""

import pytest

pytest.importorskip("gliner")
pytestmark = pytest.mark.gliner

from training.train import WARM_UP, rate  # noqa: E402 - torch and gliner are optional


@pytest.mark.parametrize(("left", "factor"), [(3.0, 1.0), (1.0, 1.0), (0.25, 0.25), (0.0, 0.0), (-0.1, 0.0)])
def test_a_cooldown_by_the_clock_brings_the_rate_to_zero_when_time_is_up(left, factor):
    assert rate(WARM_UP, None, left) == factor


def test_a_cooldown_by_steps_brings_the_rate_to_zero_at_its_last_step():
    rates = [rate(step, (1000, 100)) for step in (999, 1000, 1050, 1100, 1200)]
    assert rates == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_the_first_steps_warm_up():
    assert rate(0, None) < rate(WARM_UP // 2, None) < rate(WARM_UP, None) == 1
