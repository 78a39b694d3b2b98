"""The shortcut to a few strings of a document, against the walk through all of it."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.formats import JSON, Token, json_lines
from scrubber.core.formats.json_places import places
from tests.memory import bytes_kept
from tests.strategies import json_documents

awkward = st.sampled_from(["a", "", "x:{", "}", '{"', ":", ",", "[", "é", "{", " :", "<EMAIL>"])
texts = st.lists(awkward, max_size=4).map("".join)
keys = st.one_of(st.sampled_from(["a", "b", "user", "a.b", ""]), texts)
values = st.recursive(
    st.one_of(texts, st.integers(), st.none()),
    lambda inner: st.one_of(st.dictionaries(keys, inner, max_size=4), st.lists(inner, max_size=2)),
    max_leaves=12,
)


@st.composite
def documents(draw):
    """Objects full of what looks like structure, with few escapes."""
    spaces = draw(st.sampled_from(["", " ", "\n", "  "]))
    indent = draw(st.sampled_from([None, None, None, 1]))
    separators = ("," + spaces, spaces + ":" + spaces)
    value = draw(st.dictionaries(keys, values, max_size=5))
    text = json.dumps(value, ensure_ascii=False, separators=separators, indent=indent)
    return (draw(st.sampled_from(["", "\n", " "])) + text.replace('\\"', "'")).encode()


spans = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 9)), min_size=1, max_size=5)


@given(st.one_of(documents(), json_documents()), spans)
def test_the_shortcut_leads_to_the_same_strings_as_the_walk(text, spans):
    wanted = sorted((start, start + width) for start, width in spans if start + width <= len(text))
    found = places(text, wanted) if wanted else None
    if found is not None:
        everything = list(JSON.tokens(text))
        touched = [
            token for token in everything if any(token.start < end and start < token.end for start, end in wanted)
        ]
        assert found == touched


def test_they_are_compiled_where_there_is_a_compiler():
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    assert json_lines.json_places.places is not places


@given(st.one_of(documents(), json_documents()), spans)
def test_compiled_or_not_the_answer_is_the_same(text, spans):
    wanted = sorted((start, start + width) for start, width in spans)
    found = json_lines.json_places.places(text, wanted)
    assert found == places(text, wanted)
    assert {type(token) for token in found or ()} <= {Token}


@given(st.text('{}[]":,a\\ é', max_size=30).map(str.encode), spans)
def test_what_is_no_json_breaks_nothing(text, spans):
    try:
        found = json_lines.json_places.places(text, sorted((start % 30, start % 30 + width) for start, width in spans))
    except UnicodeDecodeError:  # a key cut within a character
        return
    assert all(0 <= token.start <= token.end <= len(text) for token in found or ())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((b"{}",), TypeError),
        (("{}", []), TypeError),
        ((b"{}", 1), TypeError),
        ((b"{}", [1]), TypeError),
        ((b"{}", [(0, 1, 2)]), TypeError),
        ((b"{}", [("0", 1)]), TypeError),
        ((b"{}", [(-1, 1)]), ValueError),
        ((b"{}", [(1, 0)]), ValueError),
        ((b"{}", [(0, 2**80)]), OverflowError),
    ],
)
def test_malformed_arguments_are_refused_by_what_is_compiled(arguments, error):
    if json_lines.json_places.places is places:
        pytest.skip("not compiled")
    with pytest.raises(error):
        json_lines.json_places.places(*arguments)


def test_nothing_is_kept_of_a_document():
    text = b'{"' + b"a" * 2000 + b'":{"b":"S-1","S-2":["S-3"]}}'
    at = [text.index(b"S-%d" % number) for number in (1, 2, 3)]

    def once():
        for some in (
            [(at[0], at[0] + 3)],
            [(place, place + 3) for place in at[:2]],
            [(place, place + 3) for place in at],
        ):
            json_lines.json_places.places(text, some)
        with pytest.raises(TypeError):
            json_lines.json_places.places(text, [(at[0], at[0] + 3), ("", 0)])

    assert bytes_kept(once) < 50_000


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b'{"a":"S-1"}', "a"),
        (b'{"n":1,"a" : "x S-1 y","b":[1]}', "a"),
        (b' { "user": {"mail":"S-1"}, "o":{} }', "user.mail"),
        (b'{"a.b":{"":{"c":"S-1"}}}', "a.b..c"),
        (b'{"":{"c":"S-1"}}', ".c"),
        (b'{"o":{"S-1":2}}', "o.S-1"),
    ],
)
def test_what_most_records_look_like_takes_the_shortcut(text, path):
    start = text.index(b"S-1")
    (found,) = places(text, [(start, start + 3)])
    assert found.path == path
    assert [found] == [token for token in JSON.tokens(text) if token.start <= start < token.end]


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":"\\n S-1"}',
        b'{"a":["S-1"]}',
        b'{"b":{},"a":"S-1"}',
        b'{"a":"b","c":[{"d":"S-1"}]}',
        b'{"x":"{","a":"S-1"}',
    ],
)
def test_everything_else_is_walked_through(text):
    start = text.index(b"S-1")
    assert places(text, [(start, start + 3)]) is None
    assert [text[token.start : token.end] for token in JSON.tokens(text, [(start, start + 3)])][-1].endswith(b"S-1")


def test_two_findings_in_one_string_are_one_token():
    text = b'{"a":"S-1 S-2","b":"S-3"}'
    wanted = [(6, 9), (10, 13), (20, 23)]
    assert [token.path for token in places(text, wanted)] == ["a", "b"]
