"""Values of tables that are drawn with lines, under the names of their columns."""

import pytest

from scrubber.core.named.tables import named_values
from tests.core.named.linear import assert_linear


def found(text):
    text = text.encode()
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (" a  | b c \n----+-----\n V  | W x\n    | Y\n(2 rows)\n", [("a", "V"), ("b c", "W x"), ("b c", "Y")]),
        ("+---+---+\n| a | b |\n+---+---+\n| V | W |\n+---+---+\n| X | NULL |\n+---+---+\n1", ["aV", "bW", "aX"]),
        ("mysql> x;\r\n+-----+\r\n| a |\r\n+-----+\r\n| V w |\r\n+-----+\r\n1 row", [("a", "V w")]),
        ("| a | b |\n|---|:---|\n| V | W |\n\n| X | Y |", [("a", "V"), ("b", "W")]),
        ("| a | b |\n| :--- | ---: |\n| V | |\n", [("a", "V")]),
        ('{"m":" a | b \n---+---\n V | W","n":1}', [("a", "V"), ("b", "W")]),
        ('{"m":"+---+\n| a |\n+---+\n| V |\n+---+","n":1}', [("a", "V")]),
        ("LOG:  a | b\n---+---\n V | W\n\n c | d\n---+---\n X | Y", ["aV", "bW", "cX", "dY"]),
        (" a | b \n---+---\n V", []),
        (" a | b \n---+---\n V | W | X\n Y | Z", ["aY", "bZ"]),
        (
            "-[ RECORD 1 ]-+---\na | V | w\nb | W\n-[ RECORD 2 ]-+---\na | X\n\nc | Z",
            [("a", "V | w"), ("b", "W"), ("a", "X")],
        ),
        ("a | b\nc | d -- e +-- f", []),
        ("+--- x:1.0\n|    +--- y:2.0\n|    \\--- z:3.0", []),
    ],
    ids=[
        *(
            "psql",
            "a frame",
            "one column",
            "Markdown",
            "Markdown with sides",
            "in JSON",
            "a frame in JSON",
            "two tables",
        ),
        *("no row", "a bar in a value", "records", "bars", "a tree"),
    ],
)
def test_the_values_of_columns(text, pairs):
    assert found(text) == [tuple(pair) for pair in pairs]


@pytest.mark.parametrize(
    "unit", ["+--", "|", "\n", "a|b\n", "-+-\n", "--", "a|b\n--+--\nc|d\n", "-[ RECORD 1 ]\n", "a|b|", " "]
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"a|b\n--+--\n" + unit.encode() * (size // len(unit)))
