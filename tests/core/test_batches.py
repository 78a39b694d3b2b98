from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.batches import batches

LENGTHS = st.lists(st.integers(0, 50), max_size=60)


@given(LENGTHS, st.integers(1, 200), st.integers(1, 10))
def test_plan_loses_no_item(lengths, budget, max_rows):
    groups = batches(lengths, budget=budget, max_rows=max_rows)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))


@given(LENGTHS, st.integers(1, 200), st.integers(1, 10))
def test_plan_never_exceeds_budget(lengths, budget, max_rows):
    for group in batches(lengths, budget=budget, max_rows=max_rows):
        assert len(group) <= max_rows
        assert len(group) == 1 or len(group) * max(lengths[row] for row in group) <= budget


@given(st.integers(1, 100), st.integers(1, 100))
def test_oversize_item_still_fits_alone(budget, excess):
    assert batches([1, budget + excess], budget=budget, max_rows=8) == [[1], [0]]


def test_rows_of_a_batch_are_of_like_length():
    assert batches([5, 100, 6, 99], budget=200, max_rows=8) == [[1, 3], [2, 0]]
