"""Blocks of bytes -> lines."""

from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.lines import Line, LineSplitter

LIMIT = 20

streams = st.lists(st.sampled_from([b"\n", b"\r\n", b"\0", b"a", b"\xff", "é".encode(), b"word " * 3, b"x" * 25])).map(
    b"".join
)


def split(stream, cuts=(), limit=LIMIT):
    splitter, lines, start = LineSplitter(limit), [], 0
    for cut in (*sorted(cut for cut in cuts if cut < len(stream)), len(stream)):
        lines += splitter.push(stream[start:cut])
        start = cut
    return lines + splitter.end()


@given(streams, st.lists(st.integers(0, 200)))
def test_lines_do_not_depend_on_where_the_blocks_are_cut(stream, cuts):
    assert split(stream, cuts) == split(stream)


@given(streams)
def test_the_lines_together_are_the_stream(stream):
    lines = split(stream, limit=10**6)
    assert b"".join(line.content + b"\n" * line.ended for line in lines) == stream


@given(streams)
def test_what_is_longer_than_the_limit_has_a_size_and_no_content(stream):
    *ended, last = stream.split(b"\n")
    parts = [(part, True) for part in ended] + ([(last, False)] if last else [])
    assert split(stream) == [
        Line(part, is_ended) if len(part) <= LIMIT else Line(b"", is_ended, len(part)) for part, is_ended in parts
    ]


def test_an_endless_line_is_not_held():
    splitter = LineSplitter(LIMIT)
    for _ in range(1000):
        assert splitter.push(b"x" * LIMIT) == []
        assert sum(map(len, splitter._open)) <= LIMIT
    assert splitter.push(b"\nnext\n") == [Line(b"", ended=True, oversize_bytes=1000 * LIMIT), Line(b"next", ended=True)]


def test_a_line_of_exactly_the_limit_is_held():
    assert split(b"x" * LIMIT + b"\n") == [Line(b"x" * LIMIT, ended=True)]
