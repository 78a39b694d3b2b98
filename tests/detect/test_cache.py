import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.spans import Span
from scrubber.detect.cache import CachedDetector, TemplateDetector
from scrubber.detect.detector import Description, Plan
from scrubber.errors import DetectorFailed

PLAN = Plan(("user_name", "pin"), (0.5, 0.5))


class Words:
    """Flags every word that begins with a capital, and every second digit of a number; counts what it reads."""

    def __init__(self):
        self.read, self.fails, self.closed = [], False, False

    def detect(self, texts, plan):
        if self.fails:
            raise DetectorFailed("no")
        self.read += texts
        return [
            [Span(*match.span(), plan.labels[0], 0.9, "words") for match in re.finditer(r"[A-Z]\w*|(?<=\d)\d", text)]
            for text in texts
        ]

    def warm_up(self): ...

    def describe(self):
        return Description("words", "1", "00")

    def close(self):
        self.closed = True


TEXTS = st.lists(st.text("AbC 12\ud83d", max_size=6), max_size=12)


@given(st.lists(TEXTS, max_size=6), st.integers(0, 5000))
def test_the_answer_is_the_detectors_whatever_the_cache_remembers(calls, max_bytes):
    cached = CachedDetector(Words(), max_bytes)
    for texts in calls:
        assert cached.detect(texts, PLAN) == Words().detect(texts, PLAN)


@given(st.lists(TEXTS, max_size=6))
def test_no_text_is_read_twice_while_there_is_room(calls):
    detector = Words()
    cached = CachedDetector(detector, 1 << 20)
    for texts in calls:
        cached.detect(texts, PLAN)
    assert sorted(detector.read) == sorted({text for texts in calls for text in texts})


def test_equal_texts_of_one_call_are_read_once_even_without_memory():
    detector = Words()
    found = CachedDetector(detector, 0).detect(["Ada", "Bob", "Ada"], PLAN)
    assert detector.read == ["Ada", "Bob"]
    assert found[0] == found[2] != []


def test_another_plan_is_another_question():
    detector = Words()
    cached = CachedDetector(detector, 1 << 20)
    (first,) = cached.detect(["Ada"], PLAN)
    (second,) = cached.detect(["Ada"], Plan(("pin",), (0.5,)))
    (third,) = cached.detect(["Ada"], Plan(("pin",), (0.6,)))
    assert [span.label for span in (*first, *second, *third)] == ["user_name", "pin", "pin"]
    assert len(detector.read) == 3


def test_a_call_that_fails_leaves_nothing_behind():
    detector = Words()
    cached = CachedDetector(detector, 1 << 20)
    detector.fails = True
    with pytest.raises(DetectorFailed):
        cached.detect(["Ada"], PLAN)
    detector.fails = False
    assert cached.detect(["Ada"], PLAN) == [[Span(0, 3, "user_name", 0.9, "words")]]


def test_callers_cannot_change_what_is_remembered():
    cached = CachedDetector(Words(), 1 << 20)
    cached.detect(["Ada"], PLAN)[0].clear()
    assert cached.detect(["Ada"], PLAN)[0] != []


def test_no_text_is_kept():
    cached = CachedDetector(Words(), 1 << 20)
    cached.detect(["Ada Lovelace"], PLAN)
    assert "Lovelace" not in repr(vars(cached._answers))
    other = CachedDetector(Words(), 1 << 20)
    other.detect(["Ada Lovelace"], PLAN)
    assert set(cached._answers._entries).isdisjoint(other._answers._entries)  # the digests are keyed


def test_memory_stays_within_the_bound_however_many_texts_come():
    seen = []
    cached = CachedDetector(Words(), 500_000, seen.append)
    cached.detect([f"Ada{number} B" for number in range(100)], PLAN)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for start in range(0, 20_000, 500):
        cached._detector.read = []
        cached.detect([f"User{number} Login{number} at {number}" for number in range(start, start + 500)], PLAN)
    cached._detector.read = []
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 250_000 < seen[-1].bytes <= 500_000
    assert grown < 650_000


def test_every_call_reports_what_was_asked_and_what_was_read():
    seen = []
    cached = CachedDetector(Words(), 1 << 20, seen.append)
    cached.detect(["Ada", "Ada", "Bob"], PLAN)
    cached.detect(["Ada"], PLAN)
    assert [(asked.texts, asked.read, asked.entries) for asked in seen] == [(3, 2, 2), (1, 0, 2)]


def test_lines_of_one_template_are_read_once_and_findings_keep_their_places():
    detector = Words()
    templates = TemplateDetector(CachedDetector(detector, 1 << 20))
    found = templates.detect(["port 51234 User", "port 40000 User"], PLAN)
    assert detector.read == ["port 12121 User"]
    assert found[0] == found[1]
    assert found[0][-1] == Span(11, 15, "user_name", 0.9, "words")


def test_a_finding_that_ends_within_replaced_digits_takes_all_of_them():
    (found,) = TemplateDetector(Words()).detect(["id 0f8fad5b-d9cb-469f-a165-70867728950e pin 1984"], PLAN)
    assert {(span.start, span.end) for span in found} == {(44, 48)}


@given(st.lists(st.text("A19 .-abcf", max_size=30), max_size=5), st.integers(0, 2000))
def test_what_is_cached_is_what_is_computed(texts, max_bytes):
    cached = TemplateDetector(CachedDetector(Words(), max_bytes))
    for _ in range(2):
        assert cached.detect(texts, PLAN) == [TemplateDetector(Words()).detect([text], PLAN)[0] for text in texts]


def test_plans_with_a_label_whose_digits_matter_see_the_text_as_it_is():
    detector = Words()
    TemplateDetector(detector, frozenset({"pin"})).detect(["pin 4711"], PLAN)
    assert detector.read == ["pin 4711"]


def test_wrappers_pass_everything_else_on():
    detector = Words()
    templates = TemplateDetector(CachedDetector(detector, 1 << 20))
    templates.warm_up()
    assert templates.describe() == Description("words", "1+templates", "00")
    templates.close()
    assert detector.closed
