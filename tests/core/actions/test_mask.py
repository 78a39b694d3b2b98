import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.actions import Mask, Numbering


def masked(value, **options):
    return Mask(**options).render(value, "credit_debit_card", Numbering())


@pytest.mark.parametrize(
    ("options", "value", "expected"),
    [
        ({}, "4111-1111-1111-1111", "****-****-****-****"),
        ({"keep_last": 4}, "4111-1111-1111-1111", "****-****-****-1111"),
        ({"keep_first": 6, "keep_last": 4}, "4111 1111 1111 1111", "4111 11** **** 1111"),
        ({"keep_last": 4, "keep_format": False}, "4111-1111-1111-1111", "****1111"),
        ({"keep_first": 1, "keep_format": False}, "ann@mail.example", "a****"),
        ({"keep_last": 4}, "1234", "****"),
        ({"keep_last": 4, "keep_format": False}, "1234", "****"),
        ({}, "!!!a!!!", "*******"),
        ({}, "é", "*"),
    ],
)
def test_only_what_was_asked_for_stays_readable(options, value, expected):
    assert masked(value, **options) == expected


@given(
    value=st.text(min_size=4).filter(lambda value: "*" not in value),
    keep_first=st.integers(0, 64),
    keep_last=st.integers(0, 64),
    keep_format=st.booleans(),
)
def test_at_least_four_characters_and_a_quarter_of_the_value_are_gone(value, keep_first, keep_last, keep_format):
    text = masked(value, keep_first=keep_first, keep_last=keep_last, keep_format=keep_format)
    readable = len(text.replace("*", ""))
    assert readable <= len(value) - max(4, len(value) / 4)


@given(value=st.text())
def test_keeping_the_format_keeps_the_length(value):
    assert len(masked(value)) == len(value)
