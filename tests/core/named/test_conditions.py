"""Values of SQL that a column is compared with."""

import pytest

from scrubber.core.named.conditions import named_values
from tests.core.named.linear import assert_linear


def found(text):
    text = text.encode()
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("WHERE a IN ('V', 'W') AND x", [("a", "V"), ("a", "W")]),
        ("where \"t\".\"a\" not in ('V',N'it''s')", [("a", "V"), ("a", "it''s")]),
        ("a IN (4155550143, 4155550144)", [("a", "4155550143"), ("a", "4155550144")]),
        ("a = ANY('{V,W}'::text[])", [("a", "V"), ("a", "W")]),
        ("a = ANY (ARRAY['V'::text, 'W'::text])", [("a", "V"), ("a", "W")]),
        ("a LIKE 'V%' OR `b` ILIKE '%W%'", [("a", "V"), ("b", "W")]),
        ("a BETWEEN 'V' AND 'W' AND b = 'X'", [("a", "V"), ("a", "W")]),
        ("lower(t.a) = 'V' AND UPPER(TRIM(\"b\")) = 'W'", [("a", "V"), ("b", "W")]),
        ("Filter: (((a)::text = 'V'::text) AND ((b)::character varying ~~ 'W%'::text))", [("a", "V"), ("b", "W")]),
        ("a <> 'V' AND b!='W' AND c ~* 'X'", [("a", "V"), ("b", "W"), ("c", "X")]),
        ('{"q":"a in (\'V\', \'W x","n":1}', [("a", "V"), ("a", "W x")]),
        ("a IN (SELECT b FROM t)", []),
        ("completed in (5 ms), like a charm", []),
    ],
    ids=[
        *("a list", "quoted columns", "numbers", "an array", "an array of values", "patterns", "between", "calls"),
        *("a plan", "is not", "cut, in JSON", "a subquery", "prose"),
    ],
)
def test_the_values_of_columns(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit",
    ["a IN ('", "a IN (", "a IN ('x', ", "'x',", "a = ANY('{,", "a LIKE '%", "a ", "a)))", "a BETWEEN 'x' AND ", "''"],
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"a IN ('x', " + unit.encode() * (size // len(unit)))
