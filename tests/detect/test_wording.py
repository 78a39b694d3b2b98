"""A model is asked in its own words and answers in ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Plan
from scrubber.detect.wording import WORDING, WordedDetector, read_wording
from scrubber.errors import ConfigError

NAMES = st.sampled_from(["ipv4", "ip", "date_of_birth", "birth date", "zip", "postcode"])


class Echo:
    """Finds each label that it is asked for, at the place of the label in the plan."""

    def __init__(self):
        self.asked = []

    def detect(self, texts, plan):
        assert len(set(plan.labels)) == len(plan.labels), "a label is asked for twice"
        self.asked.append(plan)
        return [
            [
                Span(place, place + 1, label, score, "echo")
                for place, (label, score) in enumerate(zip(plan.labels, plan.thresholds, strict=True))
            ]
            for _ in texts
        ]

    def warm_up(self):
        pass

    def describe(self):
        return Description("echo", "", "")

    def close(self):
        pass


def test_the_words_of_the_model_are_asked_for_and_the_labels_of_the_policy_come_back():
    echo = Echo()
    plan = Plan(("date_of_birth", "email"), (0.5, 0.7))
    ((first, second),) = WordedDetector(echo, {"date_of_birth": "birth date"}).detect(["a"], plan)
    assert echo.asked == [Plan(("birth date", "email"), (0.5, 0.7))]
    assert (first.label, second.label) == ("date_of_birth", "email")


@given(
    st.lists(NAMES, unique=True, min_size=1),
    st.dictionaries(NAMES, NAMES),
)
def test_no_two_labels_of_a_policy_become_one(labels, wording):
    plan = Plan(tuple(labels), tuple(0.1 * place for place in range(len(labels))))
    (found,) = WordedDetector(Echo(), wording).detect(["a"], plan)
    assert [(span.label, span.score) for span in found] == list(zip(plan.labels, plan.thresholds, strict=True))


def test_a_folder_without_the_file_has_no_wording(tmp_path):
    assert read_wording(tmp_path) is None


@pytest.mark.parametrize("content", ['{"email": ""}', '{"email": 7}', '["email"]', "{"])
def test_a_wording_that_is_none_is_refused(tmp_path, content):
    (tmp_path / WORDING).write_text(content)
    with pytest.raises(ConfigError):
        read_wording(tmp_path)


def test_a_wording_is_read_from_the_folder_of_the_model(tmp_path):
    (tmp_path / WORDING).write_text(json.dumps({"ipv4": "ip"}))
    assert read_wording(tmp_path) == {"ipv4": "ip"}
