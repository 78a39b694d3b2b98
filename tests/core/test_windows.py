from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.windows import windows

SIZES = st.lists(st.integers(0, 9), max_size=80)
LIMITS = {"max_items": st.integers(1, 12), "budget": st.integers(9, 40), "overlap": st.integers(0, 8)}


@given(SIZES, LIMITS["max_items"], LIMITS["budget"], LIMITS["overlap"])
def test_windows_together_hold_every_item_in_order_and_each_brings_a_new_one(sizes, max_items, budget, overlap):
    found = windows(sizes, max_items=max_items, budget=budget, overlap=overlap)
    assert sorted({item for window in found for item in window}) == list(range(len(sizes)))
    for before, after in pairwise(found):
        assert before.start < after.start <= before.stop < after.stop


@given(SIZES, LIMITS["max_items"], LIMITS["budget"], LIMITS["overlap"])
def test_no_window_exceeds_its_limits(sizes, max_items, budget, overlap):
    for window in windows(sizes, max_items=max_items, budget=budget, overlap=overlap):
        assert 0 < len(window) <= max_items
        assert sum(sizes[item] for item in window) <= budget


@given(st.integers(0, 60), st.integers(1, 6))
def test_every_run_of_up_to_overlap_items_lies_whole_in_one_window(count, overlap):
    found = windows([1] * count, max_items=2 * overlap, budget=2 * overlap, overlap=overlap)
    for start in range(count - overlap + 1):
        assert any(window.start <= start and start + overlap <= window.stop for window in found)


def test_what_fits_is_one_window():
    assert windows([3, 3, 3], max_items=3, budget=9, overlap=2) == [range(3)]
    assert windows([], max_items=3, budget=9, overlap=2) == []
