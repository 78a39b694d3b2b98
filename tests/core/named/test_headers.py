"""Values of rows below a row of names."""

import pytest

from scrubber.core.named.headers import named_values
from tests.core.named.linear import assert_linear


def found(text):
    text = text.encode()
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("name,ssn\nV,W\nX,\n", [("name", "V"), ("ssn", "W"), ("name", "X")]),
        ('"id","Last Name"\r\n"1","V, w"\r\n', [("id", "1"), ("Last Name", "V, w")]),
        ("id\tlast_name\n1\tV w\n", [("id", "1"), ("last_name", "V w")]),
        ("id;phone;x\n1;V;2", [("id", "1"), ("phone", "V"), ("x", "2")]),
        ("id|email\n1|V\n", [("id", "1"), ("email", "V")]),
        ("import of a.csv: id,phone\n1,V\ndone", [("id", "1"), ("phone", "V")]),
        ('{"csv":"id,phone\n1,V","n":1}', [("id", "1"), ("phone", "V")]),
        ("id,phone,x\n1,V", [("id", "1"), ("phone", "V")]),
        ("id,phone\n1,V\nname,ssn,x\nW,X,2", [("id", "1"), ("phone", "V"), ("name", "W"), ("ssn", "X"), ("x", "2")]),
        ("size,weight\n1,V", []),
        ("id,phone\nnothing", []),
        ("Dear name, phone\nAnn, 5", []),
        ('["name","phone"]', []),
    ],
    ids=[
        *("commas", "quotes", "tabs", "semicolons", "bars", "behind a text", "in JSON", "cut", "two of them"),
        *("nothing telling", "no row", "prose", "a list"),
    ],
)
def test_the_values_of_names(text, pairs):
    assert found(text) == pairs


UNITS = [
    "name,phone\n",
    'name,phone\n"',
    "name,",
    "name,phone\n1,",
    '"',
    "\n",
    "a,b\n",
    'name,p\n""',
    'name,p\n"""',
    "name, ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"name,phone\n" + unit.encode() * (size // len(unit)))
