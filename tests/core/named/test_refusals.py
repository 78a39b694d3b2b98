"""Values that a database refuses."""

import pytest

from scrubber.core.named.refusals import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b"DETAIL:  Key (username)=(V) already exists.", [("username", "V")]),
        (b'Key (id, ssn)=(7, V) is not present in table "t".', [("id", "7"), ("ssn", "V")]),
        (b"Key (lower(username::text))=(V (x)) already exists.", [("username", "V (x)")]),
        (b"Key (a, b)=(V, W, X) already exists.", [("a", "V, W, X"), ("b", "V, W, X")]),
        (b"Duplicate entry 'V' for key 'users.username'", [("username", "V")]),
        (b"Duplicate entry 'O'V' for key 'phone_UNIQUE'", [("phone", "O'V")]),
        (b"Duplicate entry 'V' for key 'index_users_on_username'", [("username", "V")]),
        (b"Key (username) is pressed", []),
    ],
    ids=[
        *("a column", "two columns", "an expression", "which is whose", "MySQL", "its index", "an index of Rails"),
        "no value",
    ],
)
def test_the_values_of_constraints(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit", [b"Key (", b"Key (a)=(", b"Key ((", b"Key (a(b", b"Duplicate entry '", b"Duplicate entry '' for key '"]
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: unit * (size // len(unit)))
