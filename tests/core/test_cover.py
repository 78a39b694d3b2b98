import itertools

from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.arbitrate import cover
from scrubber.core.spans import Finding, Rank

TEXT = b"Ada Lovelace  wrote to Charles Babbage about her notes."


@st.composite
def findings(draw):
    start = draw(st.integers(0, len(TEXT) - 1))
    end = draw(st.integers(start + 1, len(TEXT)))
    label = draw(st.sampled_from(["email", "first_name", "last_name", "ipv4"]))
    score = draw(st.sampled_from([0.5, 0.7, 0.9]))
    return Finding(start, end, label, score, "test", None, draw(st.sampled_from(list(Rank))))


def found(start, end, label="email", score=0.9, rank=Rank.RULE):
    return Finding(start, end, label, score, "test", None, rank)


def labels(*some):
    return [some[piece.winner].label for piece in cover(TEXT, some)]


@given(st.lists(findings(), max_size=12))
def test_no_flagged_character_survives_whatever_overlaps_whatever(some):
    covered = {position for piece in cover(TEXT, some) for position in range(piece.start, piece.end)}
    flagged = {position for finding in some for position in range(finding.start, finding.end)}
    assert flagged <= covered
    assert all(TEXT[position : position + 1] == b" " for position in covered - flagged)


@given(st.lists(findings(), max_size=12), st.randoms())
def test_pieces_do_not_depend_on_the_order_of_findings(some, random):
    shuffled = random.sample(some, len(some))
    pieces = [(piece.start, piece.end, some[piece.winner].label) for piece in cover(TEXT, some)]
    assert pieces == [(piece.start, piece.end, shuffled[piece.winner].label) for piece in cover(TEXT, shuffled)]


@given(st.lists(findings(), max_size=12))
def test_pieces_rise_and_do_not_overlap(some):
    pieces = cover(TEXT, some)
    assert all(first.end <= second.start for first, second in itertools.pairwise(pieces))


def test_the_policy_names_a_piece_before_rules_and_rules_before_the_model():
    ranks = [Rank.MODEL, Rank.RULE, Rank.CHECKED_RULE, Rank.POLICY]
    some = [found(index, 9, rank.name.lower(), 0.99 - index / 10, rank) for index, rank in enumerate(ranks)]
    assert labels(*some) == ["policy"]
    assert labels(*some[:3]) == ["checked_rule"]
    assert labels(*some[:2]) == ["rule"]


def test_equal_ranks_go_by_score():
    assert labels(found(0, 9, "ipv4", 0.7), found(3, 5, "email", 0.9)) == ["email"]


def test_first_and_last_name_with_one_space_between_them_are_one_piece():
    first, last = found(0, 3, "first_name"), found(4, 12, "last_name")
    assert cover(TEXT, [last, first]) == [(0, 12, 1)]


def test_a_user_name_that_goes_on_as_a_name_is_one_piece_with_it():
    user, last = found(6, 9, "user_name"), found(10, 18, "last_name")
    assert cover(b"User: Ada Lovelace", [user, last]) == [(6, 18, 0)]


def test_names_with_anything_else_between_them_stay_apart():
    assert len(cover(b"Ada  Lovelace", [found(0, 3, "first_name"), found(5, 13, "last_name")])) == 2
    assert len(cover(b"Ada,Lovelace", [found(0, 3, "first_name"), found(4, 12, "last_name")])) == 2


def test_neighbours_that_only_touch_keep_their_own_labels():
    assert labels(found(0, 3, "email"), found(3, 6, "ipv4")) == ["email", "ipv4"]
