"""Values of SQL dumps under the names of their columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.named.copies import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


HEAD = b"COPY public.users (id, password) FROM stdin;\n"
CSV = b"COPY public.users (id, password) FROM stdin WITH (FORMAT csv);\n"
CELLS = st.text("xy ,()'\"\\{}:", min_size=1, max_size=6).filter(lambda cell: cell not in ("\\N", "\\."))


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (HEAD + b"1\tV\n2\tW x\n\\.\n", [("id", "1"), ("password", "V"), ("id", "2"), ("password", "W x")]),
        (b'copy "my t" ( "a" , t.b )\nfrom  STDIN\r\n1\tV\r\n\\.\r\n', [("a", "1"), ("b", "V")]),
        (HEAD + b"\\N\tV\n3\t\n\\.\n", [("password", "V"), ("id", "3")]),
        (HEAD + b"1\tV", [("id", "1"), ("password", "V")]),
        (b"COPY t (a, b, c) FROM stdin;\n1\tV", [("a", "1"), ("b", "V")]),
        (b'{"sql":"' + HEAD + b'1\tV","n":1}', [("id", "1"), ("password", "V")]),
        (HEAD + b'{"a":"b"}\tV\n\\.\n', [("id", '{"a":"b"}'), ("password", "V")]),
        (HEAD + b"1\tV\n\\.\n\n" + HEAD + b"2\tW\n", [("id", "1"), ("password", "V"), ("id", "2"), ("password", "W")]),
        (HEAD + b"\\.\n1\tV\n", []),
        (HEAD + b"ERROR: no such table\n1\tV\n", []),
        (b"COPY t FROM stdin;\n1\tV\n", []),
        (b"COPY t (a, b) TO stdout;\n1\tV\n", []),
        (b"a copy (a, b) from stdin", []),
    ],
    ids=[
        *("two rows", "quotes, letter case, line ends", "nothing in it", "no end", "cut", "cut, in JSON"),
        *("JSON in it", "two tables", "behind the end", "no rows", "no columns", "other direction", "prose"),
    ],
)
def test_the_values_of_columns(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (CSV + b"1,V\n2,W x\n\\.\n", [("id", "1"), ("password", "V"), ("id", "2"), ("password", "W x")]),
        (
            CSV + b'"1","V, ""x"""\r\n2,"a\nb"\n',
            [("id", "1"), ("password", 'V, ""x""'), ("id", "2"), ("password", "a\nb")],
        ),
        (CSV + b'1,""\n,V\n', [("id", "1"), ("password", "V")]),
        (CSV + b'"1","V"', [("id", "1"), ("password", "V")]),
        (CSV + b'1,"V x', [("id", "1"), ("password", "V x")]),
        (b'{"sql":"' + CSV + b'1,V","n":1}', [("id", "1"), ("password", "V")]),
        (b'{"sql":"' + CSV + b'1,"V","n":1}', [("id", "1"), ("password", "V")]),
        (b"COPY t (a, b) FROM STDIN CSV HEADER\nx,y\n1,V\n", [("x", "1"), ("y", "V")]),
        (b'COPY t FROM stdin (FORMAT csv, HEADER)\n"a",b\n1,V\n', [("a", "1"), ("b", "V")]),
        (b"COPY t FROM stdin (FORMAT csv, HEADER false)\n1,V\n", []),
        (b"COPY t (a, b) FROM stdin WITH DELIMITER '|' CSV;\n1|V,W\n", [("a", "1"), ("b", "V,W")]),
        (b"COPY t (a, b) FROM stdin WITH (DELIMITER ';');\n1;V\n", [("a", "1"), ("b", "V")]),
        (b"COPY t (a, b) FROM stdin CSV DELIMITER E'\\t';\n1\tV\n", [("a", "1"), ("b", "V")]),
        (CSV + b"ERROR: no such table\n1,V\n", []),
    ],
    ids=[
        *("two rows", "quotes", "nothing in it", "no end", "cut", "cut, in JSON", "cut in quotes, in JSON"),
        *("names in the first row", "names there only", "no names", "bars", "no CSV", "tabs", "no rows"),
    ],
)
def test_the_values_of_columns_in_other_formats(text, pairs):
    assert found(text) == pairs


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_a_value_has_the_name_of_its_column_whatever_is_in_its_quotes(rows):
    quoted = [tuple(cell.replace('"', '""') for cell in row) for row in rows]
    text = CSV + "".join(f'"{first}","{second}"\n' for first, second in quoted).encode() + b"\\.\n"
    expected = [(name, cell) for row in quoted for name, cell in zip(("id", "password"), row, strict=True)]
    assert found(text) == expected


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_a_value_has_the_name_of_its_column_whatever_is_in_it(rows):
    text = HEAD + "".join(f"{first}\t{second}\n" for first, second in rows).encode() + b"\\.\n"
    expected = [(name, cell) for row in rows for name, cell in zip(("id", "password"), row, strict=True)]
    assert found(text) == expected


UNITS = [
    HEAD,
    HEAD + b"1\t2\n",
    b"1\t2\n",
    b"COPY t (",
    b'COPY "',
    b"COPY t (a)",
    b"COPY a",
    b"COPY ",
    b"\t",
    b'"',
    b" ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: HEAD + b"1\t2\n" + unit * (size // len(unit)))


@pytest.mark.parametrize("unit", [*UNITS, CSV, b"1,2\n", b'1,"2', b'""', b'"x,""', b',"', b'"\n', b'""",', b'1,"2"\n'])
def test_the_cost_is_linear_with_quotes(unit):
    assert_linear(named_values, lambda size: CSV + b"1,2\n" + unit * (size // len(unit)))


@pytest.mark.parametrize("unit", [b"COPY t (a, b) FROM stdin ", b"COPY t FROM stdin CSV;"])
def test_the_cost_is_linear_in_statements_without_rows(unit):
    assert_linear(named_values, lambda size: unit * (size // len(unit)))


@pytest.mark.parametrize("unit", [b'"', b'"x', b'"\n', b'x""'])
def test_the_cost_is_linear_where_a_quote_is_said_to_stand_between_values(unit):
    head = b"COPY t (id, password) FROM stdin CSV DELIMITER '\"';\n"
    assert_linear(named_values, lambda size: head + unit * (size // len(unit)))


def test_only_the_first_of_two_statements_in_a_line_has_rows():
    assert found(b"COPY t (a, b) FROM stdin; COPY t (c, d) FROM stdin;\n1\tV\n") == [("a", "1"), ("b", "V")]
