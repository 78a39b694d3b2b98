"""The brake judges a window of records, not single bad chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.errors import FatalStreamError
from scrubber.stream.brake import QuarantineBrake
from scrubber.stream.settings import Brake


def test_a_few_bad_records_at_the_start_are_no_reason_to_stop():
    brake = QuarantineBrake(Brake(max_ratio=0.1, window_records=100))
    brake.check(10, 10)
    brake.check(89, 0)


def test_it_stops_once_the_window_is_full_and_too_much_of_it_is_bad():
    brake = QuarantineBrake(Brake(max_ratio=0.1, window_records=100))
    brake.check(50, 6)
    with pytest.raises(FatalStreamError, match="11 of the last 100") as stopped:
        brake.check(50, 5)
    assert stopped.value.code == "BRAKE"


def test_a_good_past_does_not_excuse_a_bad_present():
    brake = QuarantineBrake(Brake(max_ratio=0.5, window_records=100))
    brake.check(10_000, 0)
    with pytest.raises(FatalStreamError, match="60 of the last 100"):
        brake.check(100, 60)


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 0.5)), max_size=50))
def test_a_ratio_within_the_limit_never_stops_whatever_the_chunks(chunks):
    brake = QuarantineBrake(Brake(max_ratio=0.5, window_records=100))
    for records, share in chunks:
        brake.check(records, int(records * share))
