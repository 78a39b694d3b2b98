import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.formats.otlp import decode, encode, read_otlp
from scrubber.core.spans import Redaction
from tests.detect.simple_rules import scrub
from tests.strategies import text, texts


def varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def string(value):
    return field(1, value.encode())


def integer(value):
    return varint(3 << 3) + varint(value & (1 << 64) - 1)


def pair(key, value):
    return string(key) + field(2, value)


def attribute(key, value):
    return field(6, pair(key, value))


def logs(*fields):
    """LogsData with one record of these fields."""
    return field(1, field(1, field(1, pair("host.name", string("h")))) + field(2, field(2, b"".join(fields))))


def record(raw):
    """The record of `logs`, as JSON says it; attributes come one member each."""
    return json.loads(decode(raw))["resourceLogs"]["scopeLogs"]["logRecords"]


values = st.recursive(
    st.one_of(texts.map(string), st.integers(-(2**63), 2**63 - 1).map(integer), st.just(b""), st.just(b"\x10\x01")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: field(5, b"".join(field(1, item) for item in items))),
        st.lists(st.tuples(text, inner), max_size=3).map(
            lambda items: field(6, b"".join(field(1, pair(*item)) for item in items))
        ),
    ),
    max_leaves=5,
)
TIME, TRACE_ID, FLAGS = b"\x09" + b"\x01" * 8, field(9, b"\xff" * 16), b"\x45" + b"\x02" * 4
protobufs = st.lists(st.tuples(text, values), max_size=3).map(
    lambda items: logs(TIME, field(3, b"INFO"), *(attribute(*item) for item in items), TRACE_ID, FLAGS)
)


@given(protobufs)
def test_otlp_is_read_as_json_and_written_back_byte_for_byte(raw):
    shown = decode(raw)
    json.loads(shown)
    assert encode(raw, shown, shown, []) == (raw, [])


@given(protobufs)
def test_what_is_scrubbed_is_still_otlp_and_says_what_the_json_says(raw):
    scrubbed = scrub(raw)
    if scrubbed.reason is None:
        assert decode(scrubbed.text) == scrub(decode(raw)).text


@given(st.binary(max_size=60))
def test_anything_else_is_left_as_it_is_or_read_whole(raw):
    assert decode(raw) is raw or encode(raw, decode(raw), decode(raw), []) == (raw, [])


def test_a_body_that_changes_its_length():
    assert record(scrub(logs(TIME, field(5, string("a S-1234 b " * 40)), TRACE_ID)).text) == {
        "body": "a <API_KEY> b " * 40
    }


def test_the_name_of_an_attribute_is_evidence():
    assert record(scrub(logs(attribute("code", string('ab"cd')))).text) == {"attributes": {"code": "<PASSWORD>"}}


def test_the_value_of_an_attribute_may_stand_before_its_name_as_the_collector_writes_it():
    backwards = field(6, field(2, string('ab"cd')) + string("code"))
    assert record(scrub(logs(backwards)).text) == {"attributes": {"code": "<PASSWORD>"}}


def test_a_number_becomes_a_string():
    assert record(scrub(logs(attribute("n", integer(7001)))).text) == {"attributes": {"n": "<PIN>"}}


def test_paths_are_those_of_the_json():
    (redaction,) = scrub(logs(attribute("code", string("x")))).redactions
    assert redaction.path == "resourceLogs.scopeLogs.logRecords.attributes.code"


def test_names_of_the_schema_stay_and_nobody_says_otherwise():
    raw = logs(attribute("n\u00e9e", string("abc")), field(5, string("xyz")))
    shown = decode(raw).decode()
    name, key, body = (shown.index(word) for word in ("attributes", "n\u00e9e", "xyz"))
    scrubbed = shown.replace("attributes", "<A>").replace("n\u00e9e", "<KEY>").replace("xyz", "<B>")
    told = [
        Redaction("", "l", start, end, scrubbed.index(out), scrubbed.index(out) + len(out), 1.0, "d", None, "replace")
        for start, end, out in ((name, name + 10, "<A>"), (key, key + 3, "<KEY>"), (body, body + 3, "<B>"))
    ]
    written, done = encode(raw, shown.encode(), scrubbed.encode(), told)
    assert record(written) == {"attributes": {"<KEY>": "abc"}, "body": "<B>"}
    after = decode(written).decode()
    assert [after[each.out_start : each.out_end] for each in done] == ["<KEY>", "<B>"]
    assert [each.path.rpartition("logRecords.")[2] for each in done] == ["attributes.<KEY>", "body"]


def test_nested_values_are_scanned():
    value = field(6, field(1, pair("list", field(5, field(1, string("S-1234")) + field(1, b"\x10\x01")))))
    assert record(scrub(logs(field(5, value))).text) == {"body": {"list": ["<API_KEY>", True]}}


@pytest.mark.parametrize(
    "raw",
    [
        logs(field(99, b"unknown")),
        logs(field(5, string("a") + string("b"))),
        logs(field(9, b"no trace id")),
        logs(field(3, b"\xff")),
        logs(field(5, b"\n\x7fcut")),
        b"\nplain text",
    ],
)
def test_what_the_schema_does_not_know_is_not_read(raw):
    assert read_otlp(raw) is None


def test_the_reader_never_prints_what_it_read():
    assert "S-1234" not in repr(vars(read_otlp(logs(field(5, string("S-1234")))))["_leaves"])
