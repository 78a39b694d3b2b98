"""A chunk is no more work than a few seconds of it."""

from hypothesis import given
from hypothesis import strategies as st

from scrubber.stream.pace import CHUNK_SECS, FIRST_RECORDS, LEAST_RECORDS, Pace


def chunks(pace, records_per_sec, count=12):
    for _ in range(count):
        yield pace.records
        pace.learn(pace.records, pace.records / records_per_sec)


def test_fast_detectors_get_full_chunks_soon():
    assert list(chunks(Pace(10_000), 100_000))[-1] == 10_000


def test_slow_detectors_get_what_they_do_in_a_few_seconds():
    sizes = list(chunks(Pace(10_000), 90))
    assert sizes[0] == FIRST_RECORDS
    assert set(sizes[1:]) == {90 * int(CHUNK_SECS)}


def test_detectors_that_become_slow_are_spared_at_once():
    pace = Pace(10_000)
    list(chunks(pace, 100_000))
    pace.learn(10_000, 100.0)
    assert pace.records == 500


def test_a_chunk_that_took_no_time_at_all_says_nothing_wrong():
    pace = Pace(10_000)
    pace.learn(1, 0.0)
    assert pace.records == 2 * FIRST_RECORDS


@given(st.integers(1, 20_000), st.lists(st.tuples(st.integers(1, 20_000), st.floats(0, 1e6))))
def test_a_chunk_has_always_a_record_and_never_more_than_it_may(most, learnt):
    pace = Pace(most)
    for records, seconds in learnt:
        pace.learn(records, seconds)
        assert min(LEAST_RECORDS, most) <= pace.records <= most
