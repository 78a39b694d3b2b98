"""Values that are named by another value of their object."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.named.attributes import named_values
from tests.core.named.linear import assert_linear

NAMES = st.sampled_from(["a", "b", "password", 'q"uote'])
LEAVES = st.text("xyz ,:{}[]", max_size=5) | st.integers(0, 99)


def attributes(values):
    pairs = st.tuples(NAMES, values, st.booleans(), st.booleans())
    return st.lists(pairs.map(lambda pair: attribute(*pair)), min_size=1, max_size=3)


def attribute(name, value, first, beside):
    named = {"key": name} if first else {"value": value}
    return {**named, **({"type": "t"} if beside else {}), "key": name, "value": value}


DOCUMENTS = st.recursive(
    LEAVES, lambda inner: attributes(inner) | st.dictionaries(st.sampled_from("mn"), inner), max_leaves=6
)


def found(text):
    return {(value.name, text[value.start : value.end]) for value in named_values(text)}


def expected(document, names=()):
    """Every leaf with the names of the attributes that it is in."""
    if isinstance(document, list):
        return {pair for inner in document for pair in expected(inner, names)}
    if isinstance(document, dict):
        mine = (*names, document["key"]) if "key" in document else names
        inside = [expected(inner, mine if key == "value" else names) for key, inner in document.items() if key != "key"]
        return {pair for pairs in inside for pair in pairs}
    return {(json.dumps(name)[1:-1].encode(), json.dumps(document).encode()) for name in names}


@given(attributes(DOCUMENTS))
def test_a_name_holds_for_all_that_is_in_its_value_wherever_it_stands(document):
    assert found(json.dumps(document).encode()) == expected(document)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b'got {"key":"a","value":"b"} from x', {(b"a", b'"b"')}),
        (b'{"value": 1, "Name" : "a", "VALUE":2}', {(b"a", b"1"), (b"a", b"2")}),
        (b'{"m":"{"value":"x"y","key":"a"}","n":1}', {(b"a", b'"x"y"')}),
        (b'{"key":"a","value":{"v":[{"key":"b","value":{"s":"c', {(b"a", b'"c'), (b"b", b'"c')}),
        (b'{"key":"a","type":"value"}', set()),
        (b'{"value":"a","keys":"b"}', set()),
    ],
    ids=["in a line", "any letter case, twice", "in a string, without its escapes", "cut off", "no value", "no name"],
)
def test_what_is_named(text, pairs):
    assert found(text) == pairs


UNITS = [
    b'{"key":"a","value":',
    b'{"key":"a","value":{"x":',
    b'"value":[',
    b'{"',
    b'"',
    b'"key":"a","value":{"b":',
    b'"{[',
]
UNITS += [b'"key":"b",', b'"value":1,', b'{"value":[{"key":"a",']


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear(unit):
    def text_of(size):
        half = unit * (size // len(unit) // 2)
        return b'{"key":"a","key":"' + b"a" * (size // 10) + b'","value":2,"x":[' + half + b'"value":1,' * (size // 20)

    assert_linear(named_values, text_of)
