"""Values of SQL under the names of their columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.named.inserts import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b"insert into t (a, b) values ('x', 'V')", [("a", "'x'"), ("b", "'V'")]),
        (b'INSERT INTO t(`a`,[b],"s"."c") VALUES(1,V,E\'x\')', [("a", "1"), ("b", "V"), ("c", "'x'")]),
        (b"(a,b) VALUES ('x', 'V') , ('y', 'W') ON", [("a", "'x'"), ("b", "'V'"), ("a", "'y'"), ("b", "'W'")]),
        (b"(a, b) OVERRIDING SYSTEM VALUE VALUES (f('x, y', 2), 'it''s')", [("a", "'x, y'"), ("b", "'it''s'")]),
        (b'{"q":"INSERT INTO t (a, b) VALUES (\'x\', \'V z","n":1}', [("a", "'x'"), ("b", "V z")]),
        (b"(a, b) VALUES ('x', 'V\nnext line", [("a", "'x'"), ("b", "V")]),
        (b"(a, b, c) VALUES (?, 1, ?)]\n[parameters: ('x', 'V')]", [("b", "1")]),
        (b"(a) VALUES ('x'); INSERT INTO u (b) VALUES ('V')", [("a", "'x'"), ("b", "'V'")]),
        (b"(a, b) VALUES ($1, :b)", []),
        (b"ON DUPLICATE KEY UPDATE a = VALUES(a)", []),
        (b"the values (3) of (a) and all", []),
    ],
    ids=[
        *("any letter case", "quoted columns", "several rows", "calls", "cut, in JSON", "cut, in a line"),
        *("parameters behind it", "two statements", "placeholders", "no columns", "prose"),
    ],
)
def test_the_values_of_columns(text, pairs):
    assert found(text) == pairs


LITERALS = st.text("xy ,()'\"", max_size=6).map(lambda value: "'" + value.replace("'", "''") + "'")


@given(st.lists(st.lists(LITERALS, min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_text_has_the_name_of_its_column_whatever_is_in_it(rows):
    text = "INSERT INTO t (a, b) VALUES " + ", ".join(f"({', '.join(row)})" for row in rows)
    assert found(text.encode()) == [(name, value) for row in rows for name, value in zip("ab", row, strict=True)]


UNITS = [
    b"(a) VALUES (",
    b"(a) VALUES ('",
    b"VALUES(",
    b"values ",
    b"('a'),",
    b"(",
    b"'",
    b'"',
    b"(a) VALUES (?) args (",
]


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"(a, b) VALUES (1, 2), " + unit * (size // len(unit)))
