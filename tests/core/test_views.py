import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.formats import JSON
from scrubber.core.views import MAX_ROUNDS, Decoded, Located, Views
from tests.strategies import text

json_strings = st.tuples(text, st.booleans()).map(lambda args: (args[0], json.dumps(args[0], ensure_ascii=args[1])))
fragments = st.text(st.sampled_from('\\"nu0041d8%4é\n/'), max_size=20)


def located(text, start, end):
    return Located(np.array([text]), np.array([start]), np.array([end]))


def to_raw(views, buffer, start, end):
    return tuple(int(array[0]) for array in views.to_raw(located(buffer, start, end)))


def views_of(*texts):
    return Views(texts, JSON.fits)


@given(st.lists(json_strings, max_size=5))
def test_a_view_reads_what_a_json_parser_reads(strings):
    decoded = Decoded([raw.encode() for _, raw in strings])
    for (value, raw), view, changed, backslash in zip(
        strings, decoded.texts, decoded.changed, decoded.backslash, strict=True
    ):
        assert changed or view == raw.encode()
        if backslash or "%" not in raw:
            assert view.decode() == f'"{value}"'


@given(st.lists(fragments, min_size=1, max_size=4))
def test_a_view_does_not_depend_on_its_neighbours(texts):
    raw = [text.encode() for text in texts]
    together = Decoded(raw)
    assert together.texts == [Decoded([text]).texts[0] for text in raw]


@given(st.lists(fragments, min_size=1, max_size=3), st.data())
def test_a_span_of_a_view_comes_back_as_whole_escapes_of_the_raw_text(texts, data):
    raw = [text.encode() for text in texts]
    views = views_of(*raw)
    buffer = data.draw(st.integers(0, len(views.buffers) - 1))
    view = views.buffers[buffer]
    start = data.draw(st.integers(0, len(view)))
    end = data.draw(st.integers(start, len(view)))
    text, raw_start, raw_end = to_raw(views, buffer, start, end)
    assert text == views.root(buffer)
    assert 0 <= raw_start <= raw_end <= len(raw[text])
    level, _ = views.origin(buffer)
    if level == 0:
        assert (raw_start, raw_end) == (start, end)
    # What lies before, in and after the span is undone on its own to what lies there in the view.
    if level == 1 and to_raw(views, buffer, start, start) == (text, raw_start, raw_start):
        assert Decoded([raw[text][raw_start:raw_end]]).texts[0].startswith(view[start:end])


def test_escapes_within_escapes_are_undone_round_by_round():
    inner = json.dumps({"mail": "bob@mail.example"}).replace("@", "\\u0040")
    middle = json.dumps({"inner": inner})
    views = views_of(json.dumps({"outer": middle}).encode())
    assert views.buffers[-1].count(b"bob@mail.example") == 1
    start = views.buffers[-1].index(b"bob")
    _, raw_start, raw_end = to_raw(views, len(views.buffers) - 1, start, start + len("bob@mail.example"))
    raw = json.dumps({"outer": middle})
    assert raw[raw_start:raw_end].startswith("bob")
    assert raw[raw_start:raw_end].endswith("u0040mail.example")


def test_the_view_replaces_valid_json_and_stands_beside_anything_else():
    views = views_of(b'{"a":"x\\ny"}', rb"C:\users\new", b"plain")
    assert views.buffers == [rb"C:\users\new", b"plain", b'{"a":"x\ny"}', b"C:\\users\new"]


def test_percent_escapes_are_a_view_of_their_own():
    assert views_of(b"to=bob%40mail.example").buffers == [b"to=bob%40mail.example", b"to=bob@mail.example"]


def test_a_lone_surrogate_escape_stays_as_it_is():
    assert views_of(rb'{"a":"\ud800x"}').buffers == [rb'{"a":"\ud800x"}']


def test_a_surrogate_pair_is_one_character():
    assert Decoded([rb"\ud83d\ude00!"]).texts == ["\U0001f600!".encode()]


def test_a_text_with_more_rounds_of_escapes_than_are_undone_is_too_deep():
    deep = b"\\" * 2 ** (MAX_ROUNDS + 1)
    views = views_of(b"plain", deep, rb"one\nround")
    assert views.too_deep == [1]


def test_a_backslash_at_the_end_of_a_text_does_not_reach_into_the_next():
    assert Decoded([b"a\\", b"nb", rb"\u00", b"41"]).texts == [b"a\\", b"nb", rb"\u00", b"41"]
