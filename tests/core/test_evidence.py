import pytest

from scrubber.core.evidence import whole_value


@pytest.mark.parametrize(
    ("text", "value", "whole"),
    [
        (b'{"code":"ab\\"cd"}', b"ab", b'ab\\"cd'),
        (b'{"code":["a","b"],"c":1}', b"a", b'a","b'),
        (b'{"code":[1,2],"c":1}', b"1", b"1,2"),
        (b'code="\n " x', b"\n", b"\n "),
        (b'["code:[1,2",null]', b"1,2", b"1,2"),
        (b'["code:[<PASSWORD>",null]', b"<PASSWORD>", b"<PASSWORD>"),
    ],
)
def test_a_value_reaches_to_the_end_of_its_token_or_list_and_no_further(text, value, whole):
    start = text.index(value)
    found_start, found_end = whole_value(text, start, start + len(value))
    assert text[found_start:found_end] == whole
