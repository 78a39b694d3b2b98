"""Every format of lines: what it knows, what it leaves to others, and that its tokens leave nothing out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.formats import FORMATS, Kind, format_of
from tests.strategies import records

TRACE = b"""java.lang.IllegalStateException: no account for Ada Lovelace
\tat shop.Accounts.find(Accounts.java:42)
\tat shop.Main.main(Main.java:7)
Caused by: shop.NotFound: Ada
\t... 2 more
"""

PYTHON_TRACE = b"""Traceback (most recent call last):
  File "accounts.py", line 42, in find
    raise LookupError(name)
LookupError: no account for Ada Lovelace"""

SAMPLES = {
    "json": b'{"a":[1,{"b":"c"}]}',
    "cef": rb"<13>Mar  1 12:00:00 h CEF:0|Vendor|Pro\|duct|1.0|100|Failed|5|src=192.0.2.1 msg=for a=b user suser=al",
    "syslog5424": b'<34>1 2026-03-01T12:00:00Z host app 12 ID [ex@1 user="al\\"ice" ip="192.0.2.1"][b] hello there',
    "syslog3164": b"<34>Mar  1 12:00:00 host su[12]: session opened for alice\nsecond line",
    "access_log": b'192.0.2.1 - alice [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "http://r.example" "agent"',
    "logfmt": b'level=info msg="user \\"al\\" signed in" user=alice empty= eq=a=b',
    "stack_trace": TRACE,
    "text": b"just a line with level=info in it",
}


def fields(text):
    return {token.path: text[token.start : token.end] for token in format_of(text).tokens(text) if token.path}


def prose(text):
    return [text[token.start : token.end] for token in format_of(text).tokens(text) if token.kind is Kind.TEXT]


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_knows_its_own(name):
    assert format_of(SAMPLES[name]).name == name


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@given(st.binary(max_size=1), st.sampled_from(sorted(SAMPLES.values())) | records)
def test_no_format_fits_a_text_that_begins_with_another_byte_than_it_says(known, first, text):
    for candidate in (text, first + text, first + text[1:]):
        assert not candidate or candidate[0] in known.begins or not known.fits(candidate)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_line_cut_anywhere_is_still_of_some_format_and_nothing_is_left_out(name):
    for cut in range(len(SAMPLES[name])):
        assert_nothing_is_left_out(SAMPLES[name][:cut])


@given(st.one_of(records, st.binary(max_size=60)))
def test_tokens_of_a_line_leave_no_byte_out(text):
    assert_nothing_is_left_out(text)


def assert_nothing_is_left_out(text):
    layout = format_of(text)
    if not layout.structured:
        assert b"".join(text[token.start : token.end] for token in layout.tokens(text)) == text


@pytest.mark.parametrize("layout", FORMATS, ids=lambda layout: layout.name)
def test_no_format_claims_an_empty_text_or_blanks_but_the_last(layout):
    assert layout.fits(b"") is (layout is FORMATS[-1])
    assert layout.fits(b" \n ") is (layout is FORMATS[-1])


def test_logfmt_names_values_by_their_keys_and_a_model_reads_keys_too():
    line = SAMPLES["logfmt"]
    assert fields(line) == {"level": b"info", "msg": rb"user \"al\" signed in", "user": b"alice", "eq": b"a=b"}
    assert b"".join(prose(line)) == line


def test_one_pair_is_not_logfmt():
    assert format_of(b"a=b").name == "text"


def test_syslog_5424_names_its_parameters_and_a_model_reads_them_and_the_message():
    line = SAMPLES["syslog5424"]
    assert fields(line)["data.ex@1.user"] == rb"al\"ice"
    assert fields(line)["host"] == b"host"
    assert prose(line) == [rb"al\"ice", b"192.0.2.1", b"hello there"]


def test_syslog_3164_needs_no_priority_and_takes_a_modern_time():
    assert fields(b"Mar 11 12:00:00 host CRON: x y")["message"] == b"x y"
    assert fields(b"2026-03-01T12:00:00.5+01:00 host app[1]: x")["app"] == b"app"
    assert prose(SAMPLES["syslog3164"]) == [b"session opened for alice\nsecond line"]


def test_cef_reads_header_and_extension():
    named = fields(SAMPLES["cef"])
    assert (named["product"], named["src"], named["suser"]) == (rb"Pro\|duct", b"192.0.2.1", b"al")
    assert named["msg"] == b"for"
    assert named["a"] == b"b user"


def test_an_access_log_names_the_user_and_has_no_prose():
    named = fields(SAMPLES["access_log"])
    assert (named["client"], named["user"], named["agent"]) == (b"192.0.2.1", b"alice", b"agent")
    assert prose(SAMPLES["access_log"]) == []


@pytest.mark.parametrize(
    ("trace", "messages"),
    [
        (
            TRACE,
            [b"java.lang.IllegalStateException: no account for Ada Lovelace\n", b"Caused by: shop.NotFound: Ada\n"],
        ),
        (PYTHON_TRACE, [b"LookupError: no account for Ada Lovelace"]),
    ],
)
def test_a_model_reads_the_messages_of_a_stack_trace(trace, messages):
    assert format_of(trace).name == "stack_trace"
    assert prose(trace) == messages


@given(st.sampled_from(sorted(SAMPLES)), st.lists(st.tuples(st.integers(0, 150), st.integers(1, 40)), min_size=1))
def test_what_is_asked_for_is_named_as_in_the_whole_line(name, spans):
    text = SAMPLES[name]
    wanted = sorted((start, min(start + width, len(text))) for start, width in spans if start < len(text))
    layout = format_of(text)
    everything, asked = list(layout.tokens(text)), list(layout.tokens(text, wanted))
    touched = [token for token in everything if any(token.start < end and start < token.end for start, end in wanted)]
    assert set(touched) <= set(asked) <= set(everything)
