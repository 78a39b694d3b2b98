import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.levels import level_named, level_of


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (b'{"time":"x","level":"warn","msg":"ERROR is a word here"}', "warning"),
        (b'{"user":{"level":"gold"},"severity" : "ERROR"}', "error"),
        (b'{"log.level":"Information"}', "info"),
        (b'{"severityText":"FATAL"}', "critical"),
        (b'{"level":30,"pid":7}', "info"),
        (b'{"version":"1.1","level":3}', "error"),
        (b'{"level":99}', None),
        (b'time=x level=debug msg="an ERROR"', "debug"),
        (b'level="warning" msg=x', "warning"),
        (b"<34>1 2026-01-02T03:04:05Z host su - - -", "critical"),
        (b"<165>Oct 11 22:14:15 host app: ERROR", "info"),
        (b"2026-01-02 03:04:05,678 [main] WARN app - slow", "warning"),
        (b"[ERROR] no such file", "error"),
        (b"ERRORS are not a level", None),
        (b"an error in small letters is a word", None),
        (b"x" * 400 + b" ERROR", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_a_record_has_the_level_that_it_gives_itself(text, level):
    assert level_of(text) == level


@pytest.mark.parametrize(
    ("name", "level"), [("Emerg", "critical"), ("dbg", "debug"), ("7", "debug"), ("gold", None), ("", None)]
)
def test_levels_have_many_spellings(name, level):
    assert level_named(name) == level


@given(st.binary())
def test_any_bytes_have_a_level_or_none(text):
    assert level_of(text) in {"trace", "debug", "info", "warning", "error", "critical", None}


def test_a_long_text_without_a_level_takes_no_long_time():
    assert level_of(b'"level' * 500_000) is None
