import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scrubber.detect.gliner.batch import Batch, Candidates
from scrubber.detect.gliner.decode import decode
from scrubber.detect.gliner.rows import Entity

LABELS = ("a", "b", "c")
WORDS = 9
CANDIDATES = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.3, 0.5, 0.9])
    ),
    unique_by=lambda candidate: candidate[:4],
    max_size=30,
)


def run(found):
    found = sorted(found)
    columns = list(zip(*found, strict=True)) or [()] * 5
    numbers = [np.array(column, np.int64) for column in columns[:4]]
    batch = Batch(np.zeros((2, 1)), np.ones(2), np.zeros((2, WORDS)), np.array([WORDS, WORDS]))
    return decode(Candidates(*numbers, np.array(columns[4], np.float32)), batch, LABELS)


def greedy(found):
    """The library's rule, literally: by score, ties in order; whatever overlaps a chosen span goes."""
    chosen = []
    for row, start, width, label, score in sorted(sorted(found), key=lambda candidate: -candidate[4]):
        if all(row != r or start > s + w or s > start + width for r, s, w, *_ in chosen):
            chosen.append((row, start, width, label, score))
    return sorted(chosen)


@given(CANDIDATES)
def test_entities_are_the_librarys_choice(found):
    flat = [(row, e.first, e.last - e.first, LABELS.index(e.label)) for row, es in enumerate(run(found)) for e in es]
    assert flat == [candidate[:4] for candidate in greedy(found)]


def test_a_row_without_candidates_has_none():
    assert run([]) == [[], []]
    assert run([(1, 0, 0, 2, 0.9)])[0] == []
    assert run([(1, 0, 1, 2, 0.5)])[1] == [Entity(0, 1, "c", 0.5)]
