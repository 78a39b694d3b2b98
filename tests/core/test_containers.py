"""Objects and lists under a telling key."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.containers import contents

SCALARS = st.text("ab1 ,:{}[]'", max_size=6) | st.integers(0, 99)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("xyz"), inner, max_size=4)
)


def values(text, start=0):
    return [text[first:last] for first, last in contents(text, start).scalars]


def leaves(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def test_the_values_are_found_at_any_depth_and_the_keys_are_not_values():
    text = b'{"old": "a", "new": {"x": [1, {"y": "b"}]}} "c"'
    assert values(text) == [b'"a"', b"1", b'"b"']
    assert contents(text, 0).end == len(text) - 4


@given(st.lists(DOCUMENTS, max_size=4))
def test_of_json_every_leaf_is_found_and_the_end_is_the_end(document):
    text = json.dumps(document).encode()
    found = contents(text + b" tail", 0)
    assert found.end == len(text)
    assert [json.loads(text[first:last]) for first, last in found.scalars] == leaves(document)


@pytest.mark.parametrize("text", [b'{"v":"ab"cd"} "x"', b"{'v':'it's'} 'x'"])
def test_a_quote_inside_of_a_string_does_not_end_it(text):
    """In a view its backslash is gone."""
    assert len(values(text)) == 1
    assert contents(text, 0).end == len(text) - 4


def test_the_objects_of_a_list_are_its_entries_and_no_deeper_ones():
    text = b'[{"a":{"b":1}},2,[{"c":3}],{}]'
    assert [text[first:last] for first, last in contents(text, 0).objects] == [b'{"a":{"b":1}}', b"{}"]
    assert contents(b'{"a":[{"b":1}]}', 0).objects == []


def test_what_never_closes_ends_with_the_text():
    assert contents(b'[["a", "b', 0) == ([(2, 5), (7, 9)], [], 9)


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b'"', b'"a" ', b"a:", b'" ', b"'"])
def test_the_cost_is_linear(unit):
    def cost(size):
        text = b"[" + unit * (size // len(unit))
        started = time.process_time()
        contents(text, 0)
        return time.process_time() - started

    assert min(cost(1_000_000) for _ in range(2)) < 15 * max(0.01, min(cost(100_000) for _ in range(2)))
