"""Values of SQL beside a statement with placeholders, under the names of their columns."""

import pytest

from scrubber.core.named.binds import named_values
from tests.core.named.linear import assert_linear

SELECT = "SELECT id FROM t WHERE a = ? AND t.b = ?"
BOTH = [("a", "V"), ("b", "W")]


def found(text):
    text = text.encode()
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (a, b) VALUES ($1, $2)\nDETAIL:  parameters: $1 = 'V', $2 = 'W'",
        "UPDATE t SET b = $2 WHERE lower(t.\"a\") = $1 LIMIT $3\nparameters: $1 = 'V', $2 = 'W', $3 = '1'",
        "parameters: $1 = 'V', $2 = 'W'\nSTATEMENT:  INSERT INTO t (a, b) VALUES ($1, $2)",
        SELECT + "\nbinding parameter [1] as [VARCHAR] - [V]\nbinding parameter [2] as [VARCHAR] - [W]",
        SELECT + "\nbinding parameter (1:VARCHAR) <- [V]\nbinding parameter (2:VARCHAR) <- [W]",
        SELECT + "\ncolumn index 1, parameter value [V], value class\ncolumn index 2, parameter value [W], value class",
        SELECT + "\n==> Parameters: V(String), W(String)",
        SELECT + "\n[generated in 0.00012s] ('V', 'W')",
        SELECT + "\n[cached since 1.2s ago] ('V', 'W', 1)",
        SELECT + "]\n[parameters: ('V', 'W')]",
        SELECT.replace("?", "%s") + "; args=('V', 'W'); alias=default",
        SELECT.replace("?", "%s") + "; args=(u'V', b'W')",
        '{"sql":"' + SELECT + '","bindings":["V","W"]}',
        '{"bindings": ["V", "W"], "sql": "' + SELECT + '"}',
        SELECT + ' ["V", "W"]',
        SELECT + ': ["V", "W"]',
        SELECT + ' (parameters: array{"1":"V","2":"W"}, types: array{"1":2,"2":2})',
        SELECT + ' {"params":{"1":"V","2":"W"}}',
        "[Parameters=[@p0='V' (Size = 40), @p1='W']]\nINSERT INTO [T] ([a], [b])\nVALUES (@p0, @p1);",
        "N'SELECT 1 FROM T WHERE a=@x AND b=@Y',N'@x nvarchar(50)',@x=N'V',@Y=N'W'",
        "begin at 12:00:00 insert into t (a, b) values (:1, :2) binds: ['V', 'W']",
        "{ bindings: ['V', 'W'], sql: 'insert into \"t\" (\"a\", \"b\") values ($1, $2)' }",
        "a note (args (no list, " + SELECT + " args=('V', 'W')",
    ],
)
def test_the_values_of_placeholders(text):
    assert sorted(found(text)) == BOTH or found(text)[-2:] == BOTH


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a IN (?, ?) AND b = ? args=('V', 'W', 'X')", [("a", "V"), ("a", "W"), ("b", "X")]),
        ("a BETWEEN ? AND ? LIMIT ? args=('V', 'W', 7)", [("a", "V"), ("a", "W")]),
        ("(a, b, c) VALUES (?, 1, ?)]\n[parameters: ('V', 'W')]", [("a", "V"), ("c", "W")]),
        ("(a, b) VALUES (?, ?)\n[parameters: [('V', 'W'), ('X', 'Y')]]", [*BOTH, ("a", "X"), ("b", "Y")]),
        ("a = ? args=('V',) then b = ? args=('W',)", BOTH),
        ("a = ? args=(['V', 'W'], 7)", [("a", "V"), ("a", "W")]),
        ("a = $1 OR b = $1 parameters: $1 = 'it''s'", [("a", "it''s"), ("b", "it''s")]),
        ('{"q":"a = $1","d":"parameters: $1 = \'V w","n":1}', [("a", "V w")]),
        ("a = ? args=('V w\nnext line", [("a", "V w")]),
        ("a = ?\nbinding parameter [1] as [VARCHAR] - [V w]x]", [("a", "V w]x")]),
        ("a = ? AND b = ? args=(None, 'W')", [("b", "W")]),
        (SELECT + ' ["V"] ["x", "y", "z"]', []),
        ("SELECT 1 FROM t LIMIT ? args=(1,)", []),
        ("a = ?", []),
        ("DETAIL:  parameters: $1 = 'V'", []),
        ("hostname=? addr=? terminal=pts/0 res=failed", []),
    ],
    ids=[
        *("a list", "between", "a value between", "several rows", "two statements", "a list in a list"),
        *("one for two", "cut, in JSON", "cut, in a line", "brackets", "nothing", "lists of another length"),
        *("no column", "no values", "no statement", "a question mark"),
    ],
)
def test_whose_value_it_is(text, pairs):
    assert found(text) == pairs


UNITS = [
    "a = ? ",
    "a = $1 parameters: $1 = 'x', ",
    "a = $1, ",
    "$1 = ",
    "$1 = '",
    "args=(",
    "args=('",
    "a = ? args=(",
    "(a) VALUES (?) args (",
    "(a) VALUES (",
    "values (",
    "Parameters: x",
    "binding parameter [1] as [x] - [",
    "column index 1, parameter value [",
    "[generated in ",
    ' ["',
    " [",
    "a(((",
    "a ",
    "?",
    ":1",
]


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"a = ? " + unit.encode() * (size // len(unit)))
