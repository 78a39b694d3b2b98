"""Values of forms that were sent in parts."""

import pytest

from scrubber.core.named.forms import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


def part(name, value):
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (part("a", "V") + part("b", "W x") + b"--b--", [("a", "V"), ("b", "W x")]),
        (part("a", "V\nW"), [("a", "V"), ("a", "W")]),
        (b"content-disposition: Form-Data; name=a\nContent-Type: text/plain\n\nV", [("a", "V")]),
        (b'{"body":"' + part("a", "V").rstrip() + b'","n":1}', [("a", "V")]),
        (part("a", "") + part("b", "V"), [("b", "V")]),
        (b'form-data; name="a"; filename="x.bin"\n\nV\n', []),
        (b'form-data; name="a"\nV\n', []),
    ],
    ids=["two parts", "two lines", "another header", "in JSON", "nothing in it", "a file", "no value"],
)
def test_the_values_of_parts(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit", [part("a", "V"), b'form-data; name="a"\n', b"form-data;", b'form-data; name="a"\n\n', b"x\n", b'"']
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: part("a", "V") + unit * (size // len(unit)))
