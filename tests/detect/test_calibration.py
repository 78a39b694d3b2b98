"""Calibrated scores: 0.5 is the model's own threshold, whatever that is, and nothing else changes."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scrubber.core.spans import Span
from scrubber.detect.calibration import CalibratedDetector, Thresholds, read_thresholds
from scrubber.detect.detector import Description, Plan
from scrubber.errors import ConfigError

inside = st.floats(0.01, 0.99)


class Scoring:
    """Finds one `user_name` of a fixed score in every text, where it reaches the threshold."""

    def __init__(self, score):
        self.score = score

    def detect(self, texts, plan):
        (threshold,) = plan.thresholds
        return [[Span(0, 1, "user_name", self.score, "s")] if self.score >= threshold else [] for _ in texts]

    def describe(self):
        return Description("s", "1", "d")


def found(score, own, asked):
    detector = CalibratedDetector(Scoring(score), Thresholds(0.4, {"user_name": own}))
    (spans,) = detector.detect(["x"], Plan(("user_name",), (asked,)))
    return [span.score for span in spans]


@given(score=inside, own=inside)
def test_at_a_half_the_models_own_threshold_decides(score, own):
    assume(abs(score - own) > 1e-6)
    assert bool(found(score, own, 0.5)) == (score > own)


@given(score=inside, own=inside, asked=inside)
def test_no_score_below_what_the_policy_asks_for_comes_out(score, own, asked):
    assert all(value >= asked for value in found(score, own, asked))


@given(lower=inside, higher=inside, own=inside)
def test_the_order_of_scores_stays(lower, higher, own):
    assume(lower < higher - 1e-6)
    assert found(lower, own, 0.0) < found(higher, own, 0.0)


@given(own=inside)
def test_a_score_at_the_threshold_comes_out_as_a_half(own):
    (score,) = found(own, own, 0.0)
    assert math.isclose(score, 0.5, abs_tol=1e-9)


def test_a_label_that_is_off_stays_off_and_one_that_always_counts_always_counts():
    assert found(0.99, 0.2, 1.1) == []
    assert len(found(0.01, 0.9, 0.0)) == 1


def test_other_labels_have_the_default():
    detector = CalibratedDetector(Scoring(0.4), Thresholds(0.4, {}))
    (spans,) = detector.detect(["x"], Plan(("user_name",), (0.0,)))
    assert math.isclose(spans[0].score, 0.5)


def test_thresholds_are_read_from_the_folder_of_a_model(tmp_path):
    assert read_thresholds(tmp_path) is None
    (tmp_path / "thresholds.json").write_text(json.dumps({"default": 0.4, "labels": {"pin": 0.7}}))
    assert read_thresholds(tmp_path).shift("pin") == pytest.approx(math.log(0.7 / 0.3))


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"default": 1, "labels": {}}', '{"default": 0.4, "labels": {"pin": 0}}']
)
def test_broken_thresholds_are_a_config_error(tmp_path, content):
    (tmp_path / "thresholds.json").write_text(content)
    with pytest.raises(ConfigError, match=r"thresholds\.json"):
        read_thresholds(tmp_path)
