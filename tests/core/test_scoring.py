"""What the scores of an evaluation count, on made-up spans."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubber.core.coarse import COARSE, CORE, OWN_LABELS, same_class
from scrubber.core.labels import LABELS
from scrubber.core.scoring import MISSED, NOTHING, Alarms, Case, Found, Given, Tally, judged
from scrubber.core.tuning import FEWEST, Target, curve, propose

LENGTH = 40
CLASSES = ("EMAIL", "PERSON", "ADDRESS", "LOCATION", "ORG")


def value(start, end, coarse="EMAIL"):
    return Given(start, end, coarse.lower(), coarse, coarse in CORE)


def span(start, end, coarse="EMAIL", score=0.9):
    return Found(start, end, coarse.lower(), coarse, coarse in CORE, score)


def scores(*cases, seed=0, resamples=10):
    tally = Tally()
    for case in cases:
        tally.add(case)
    return tally.scores(seed, resamples)


def overall(*cases):
    return {name: estimate.value for name, estimate in scores(*cases).overall.items()}


@st.composite
def disjoint(draw, make):
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=8)))
    return [
        make(start, end, draw(st.sampled_from(CLASSES))) for start, end in zip(edges[::2], edges[1::2], strict=False)
    ]


@st.composite
def scored(draw):
    found = draw(disjoint(span))
    return [each._replace(score=draw(st.sampled_from((0.3, 0.5, 0.7, 0.9)))) for each in found]


cases = st.builds(lambda values, found: Case(LENGTH, values, found), disjoint(value), scored())


def test_every_label_has_a_coarse_class():
    assert COARSE.keys() == LABELS.keys()
    assert OWN_LABELS.found("first_name") == OWN_LABELS.given("any", "last_name") == "PERSON"
    assert OWN_LABELS.given("any", "no_such_label") is None
    assert OWN_LABELS.found("ticket_number") not in CORE


def test_a_place_is_part_of_an_address():
    assert same_class("LOCATION", "ADDRESS")
    assert not same_class("LOCATION", "ORG")


@given(disjoint(value))
def test_finding_just_what_is_labelled_is_perfect(values):
    found = [span(each.start, each.end, each.coarse) for each in values if each.core]
    for name, score in overall(Case(LENGTH, values, found)).items():
        assert score in ((None, 0.0) if name == "leak_rate" else (None, 1.0)), name


def test_one_character_left_is_a_leak():
    assert overall(Case(LENGTH, [value(0, 10)], [span(0, 9)]))["leak_rate"] == 1.0
    assert overall(Case(LENGTH, [value(0, 10)], [span(0, 10)]))["leak_rate"] == 0.0


def test_a_value_masked_under_another_label_does_not_leak_but_is_not_found():
    result = overall(Case(LENGTH, [value(0, 10)], [span(0, 4, "PERSON"), span(4, 12, "SECRET")]))
    assert result["leak_rate"] == 0.0
    assert result["character_recall"] == 1.0
    assert result["relaxed_recall"] == result["relaxed_precision"] == 0.0


@given(st.lists(cases, min_size=1, max_size=4))
def test_leak_rate_and_character_scores_are_those_of_counting_characters(some):
    values = leaked = characters = hidden = wrong = 0
    for case in some:
        masked = {place for each in case.found for place in range(each.start, each.end)}
        inside = {place for each in case.given for place in range(each.start, each.end)}
        for each in case.given:
            if each.core:
                places = set(range(each.start, each.end))
                values, leaked = values + 1, leaked + (not places <= masked)
                characters, hidden = characters + len(places), hidden + len(places & masked)
        wrong += len(masked - inside)
    result = overall(*some)
    assert result["leak_rate"] == (pytest.approx(leaked / values, abs=1e-6) if values else None)
    assert result["character_recall"] == (pytest.approx(hidden / characters, abs=1e-6) if characters else None)
    expected = pytest.approx(hidden / (hidden + wrong), abs=1e-6) if hidden + wrong else None
    assert result["character_precision"] == expected


def test_strict_needs_the_edges_and_relaxed_only_an_overlap():
    result = overall(Case(LENGTH, [value(0, 10), value(20, 30)], [span(0, 10), span(25, 35), span(36, 38)]))
    assert (result["strict_recall"], result["relaxed_recall"]) == (0.5, 1.0)
    assert (result["strict_precision"], result["relaxed_precision"]) == (0.333333, 0.666667)
    assert result["strict_f1"] == 0.4


@given(cases)
def test_soft_labels_are_neither_rewarded_nor_punished(case):
    without = case._replace(found=[each for each in case.found if judged(each, case.given) is not None])
    names = ("strict_precision", "strict_recall", "relaxed_precision", "relaxed_recall")
    assert [overall(case)[name] for name in names] == [overall(without)[name] for name in names]


def test_what_lies_on_a_soft_value_is_left_out():
    soft = [value(0, 10, "ORG")]
    assert judged(span(0, 10, "PERSON"), soft) is None
    assert judged(span(20, 30, "ORG"), soft) is None
    assert judged(span(20, 30, "PERSON"), soft) is False
    assert overall(Case(LENGTH, soft, [span(0, 10, "PERSON")]))["character_precision"] is None


@given(st.lists(cases, min_size=1, max_size=3))
def test_a_partial_set_has_recall_only(some):
    whole, partial = scores(*some), scores(*(case._replace(partial=True) for case in some))
    assert set(partial.overall) == {"leak_rate", "strict_recall", "relaxed_recall", "character_recall"}
    assert all(partial.overall[name].value == whole.overall[name].value for name in partial.overall)
    assert NOTHING not in partial.confusion


def test_a_quarantined_text_leaks_nothing_and_found_nothing():
    result = scores(Case(LENGTH, [value(0, 10)], [], quarantined=True))
    assert result.quarantined == 1
    assert result.overall["leak_rate"].value == result.overall["relaxed_recall"].value == 0.0
    assert result.overall["character_precision"].value == 0.25


def test_by_class_and_confusion():
    case = Case(LENGTH, [value(0, 5), value(6, 9, "PERSON")], [span(0, 5), span(20, 30, "PERSON")])
    result = scores(case)
    assert list(result.by_class) == ["EMAIL", "PERSON"]
    assert result.by_class["PERSON"]["false_spans"] == 1
    assert result.by_class["PERSON"]["leak_rate"] == 1.0
    assert result.by_class["EMAIL"]["strict_f1"] == 1.0
    assert result.confusion == {"EMAIL": {"EMAIL": 1}, "PERSON": {MISSED: 1}, NOTHING: {"PERSON": 1}}


def test_leaks_say_how_much_is_left():
    case = Case(LENGTH, [value(0, 10), value(10, 12, "ORG"), value(20, 25)], [span(2, 10), span(20, 25)])
    assert [(given_.start, left) for given_, left in case.leaks()] == [(0, 2)]


def test_intervals_are_the_same_for_the_same_seed_hold_the_value_and_narrow_with_more_rows():
    good, bad = Case(LENGTH, [value(0, 5)], [span(0, 5)]), Case(LENGTH, [value(0, 5)], [])
    few, many = (
        scores(*[good, bad] * 10, seed=1, resamples=200).overall,
        scores(*[good, bad] * 200, seed=1, resamples=200).overall,
    )
    assert few == scores(*[good, bad] * 10, seed=1, resamples=200).overall
    assert few != scores(*[good, bad] * 10, seed=2, resamples=200).overall
    for name in ("leak_rate", "relaxed_f1"):
        assert few[name].low < few[name].value < few[name].high
        assert many[name].high - many[name].low < few[name].high - few[name].low


def test_hits_for_50_kb_of_unlabelled_text():
    one, other = Alarms(), Alarms()
    one.add(20_000, [("email", "email"), ("ipv4", "ip")], quarantined=False)
    other.add(80_000, [("email", "email")], quarantined=True)
    total = one.plus(other)
    assert (total.rows, total.size_bytes, total.quarantined) == (2, 100_000, 1)
    assert total.per_50_kb(total.by_label["email"]) == 1.0
    assert total.by_rule == {"email": 2, "ip": 1}
    assert Alarms().per_50_kb(3) == 0.0


def at(some, threshold, labels=None):
    """What is left of the cases where spans (with one of `labels`) must reach `threshold`."""
    return [
        case._replace(
            found=[each for each in case.found if each.score >= threshold or (labels and each.label not in labels)]
        )
        for case in some
    ]


@given(st.lists(cases, min_size=1, max_size=5))
def test_each_point_of_a_curve_is_the_score_of_that_threshold(some):
    points = curve(some)
    assert [point.leak_rate for point in points] == sorted(point.leak_rate for point in points)
    for point in points:
        result = overall(*at(some, point.threshold))
        assert point.leak_rate == pytest.approx(result["leak_rate"], abs=1e-6)
        assert point.recall == pytest.approx(result["character_recall"], abs=1e-6)
        if point.precision is not None:
            assert point.precision == pytest.approx(result["character_precision"], abs=1e-6)


def test_a_curve_needs_something_to_be_found():
    assert curve([Case(LENGTH, [], [span(0, 5)])]) == []
    assert curve([Case(LENGTH, [value(0, 5)], [])]) == []


@settings(max_examples=50)
@given(st.lists(cases, min_size=FEWEST, max_size=30), st.sampled_from((0.0, 0.1, 0.3, 0.6)))
def test_a_proposed_threshold_gives_the_leak_rate_that_it_says(some, target):
    labels = {coarse: [coarse.lower()] for coarse in CLASSES}
    for label, threshold, gives, support, reached in propose(some, Target("leak", target), labels):
        result = scores(*at(some, threshold)).by_class[label.upper()]
        assert result["values"] == support >= FEWEST
        assert result["leak_rate"] == pytest.approx(gives, abs=1e-6)
        assert reached == (gives <= target + 1e-9)


@settings(max_examples=50)
@given(st.lists(cases, min_size=30, max_size=40), st.sampled_from((0.1, 0.5, 0.9)))
def test_a_proposed_threshold_gives_the_precision_that_it_says(some, target):
    for label, threshold, gives, support, reached in propose(some, Target("precision", target), {}):
        told = [
            verdict
            for case in at(some, threshold)
            for each in case.found
            if each.label == label and (verdict := judged(each, case.given)) is not None
        ]
        assert len(told) == support >= FEWEST
        assert gives == pytest.approx(sum(told) / len(told))
        assert reached == (gives >= target)


def test_a_leak_target_takes_the_highest_threshold_that_reaches_it():
    some = [Case(LENGTH, [value(0, 5)], [span(0, 5, score=0.30 + index / 100)]) for index in range(50)]
    (proposal,) = propose(some, Target("leak", 0.1), {"EMAIL": ["email"]})
    assert proposal == ("email", 0.35, 0.1, 50, True)
    assert propose(some[: FEWEST - 1], Target("leak", 0.1), {"EMAIL": ["email"]}) == []


def test_a_precision_target_takes_the_lowest_threshold_that_reaches_it():
    right = [Case(LENGTH, [value(0, 5)], [span(0, 5, score=0.8)])] * FEWEST
    wrong = [Case(LENGTH, [], [span(0, 5, score=0.4)])] * FEWEST
    (proposal,) = propose(right + wrong, Target("precision", 0.9), {})
    assert proposal == ("email", 0.8, 1.0, FEWEST, True)


def test_where_every_threshold_is_as_bad_the_highest_is_the_nearest():
    wrong = [Case(LENGTH, [], [span(0, 5, score=score)]) for score in (0.4, 0.8) for _ in range(FEWEST)]
    (proposal,) = propose(wrong, Target("precision", 0.9), {})
    assert proposal == ("email", 0.8, 0.0, FEWEST, False)
