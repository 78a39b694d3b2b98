import json

import pytest
from hypothesis import given

from scrubber.core.formats import JSON, Kind, format_of
from tests.strategies import json_documents

GELF = b'{"version":"1.1","host":"h","short_message":"hi","level":5,"_user_id":9001}'
ECS = b'{"@timestamp":"2026-03-01T12:00:00Z","ecs.version":"8.0","user":{"name":"alice"},"log.level":"info"}'
OTLP = (
    b'{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"h"}}]},'
    b'"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"hello"}}]}]}]}'
)


def tokens(text, wanted=None):
    return [(token.path, text[token.start : token.end], token.kind) for token in JSON.tokens(text, wanted)]


@given(json_documents())
def test_every_scalar_and_key_that_a_parser_sees_is_a_token_in_order(text):
    seen = []

    def keep_all(pairs):
        seen.extend(key for key, _ in pairs)
        return dict(pairs)

    def scalars(value):
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in scalars(inner)]
        if isinstance(value, list):
            return [leaf for inner in value for leaf in scalars(inner)]
        return [value]

    parsed = json.loads(text, object_pairs_hook=keep_all)
    found = tokens(text)
    keys = sorted(json.loads(b'"' + raw + b'"') for _, raw, kind in found if kind is Kind.KEY)
    values = [
        json.loads(b'"' + raw + b'"' if kind is Kind.STRING else raw) for _, raw, kind in found if kind is not Kind.KEY
    ]
    assert keys == sorted(seen)
    assert values == scalars(parsed)


@given(json_documents())
def test_wanted_tokens_are_those_of_all_that_touch_a_span(text):
    everything = list(JSON.tokens(text))
    spans = [(place, place + 7) for place in range(0, len(text), 20)]
    touched = [token for token in everything if any(token.start < end and start < token.end for start, end in spans)]
    assert list(JSON.tokens(text, spans)) == touched


@given(json_documents())
def test_strings_are_the_tokens_that_are_strings_and_no_keys(text):
    tokens = JSON.tokens(text)
    assert list(JSON.strings(text)) == [(start, end) for start, end, _, kind in tokens if kind is Kind.STRING]


def test_paths_follow_objects_and_arrays():
    text = b'{"a":{"b":[1,{"c":"x\\"y"},[2,"z"]],"d":true},"e":-1.5e3}'
    assert [(path, raw) for path, raw, kind in tokens(text) if kind is not Kind.KEY] == [
        ("a.b[0]", b"1"),
        ("a.b[1].c", rb"x\"y"),
        ("a.b[2][0]", b"2"),
        ("a.b[2][1]", b"z"),
        ("a.d", b"true"),
        ("e", b"-1.5e3"),
    ]


def test_a_key_has_the_path_of_its_member():
    assert tokens(b'{"a":{"b":1}}')[:2] == [("a", b"a", Kind.KEY), ("a.b", b"b", Kind.KEY)]


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b' {"a":1}\n',
        b'{"a":1}\n{"b":2}\n\n',
        b'"text"',
        b"[1]",
        b'{"a":NaN}',
        rb'{"a":"\ud800"}',
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_json(text):
    assert JSON.fits(text)


@pytest.mark.parametrize(
    "text", [b"", b'{"a":', b"[error] x", b"42", b"{'a': 1}", b'{"a":1} x', b'{"a":1}\n{"b":', b"true"]
)
def test_not_json(text):
    assert not JSON.fits(text)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        (GELF, "short_message", b"hi"),
        (GELF, "_user_id", b"9001"),
        (ECS, "user.name", b"alice"),
        (ECS, "ecs.version", b"8.0"),
        (OTLP, "resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue", b"hello"),
    ],
)
def test_gelf_ecs_and_otlp_are_json_with_their_own_names(text, path, value):
    assert format_of(text) is JSON
    assert (path, value) in [found[:2] for found in tokens(text)]
