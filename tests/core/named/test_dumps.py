"""Values that a dump of objects wraps or pairs with their name."""

import pytest

from scrubber.core.named.dumps import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b'phone: Some("123")', [("phone", "123")]),
        (b'["phone":"User":private]=> string(3) "123"', [("phone", "123")]),
        (b"( [id:protected] => 7 [pass:App\\User:private] => V1 x )", [("id", "7"), ("pass", "V1 x")]),
        (b"[pass:protected] => V1\n    [tags:protected] => Array\n", [("pass", "V1")]),
        (b"[a:protected] =>\n[b] => c", []),
    ],
    ids=["wrapped", "var_dump", "print_r", "lines", "empty"],
)
def test_the_values_of_a_dump(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit", [b"[a:protected] => b ", b"[a:", b"a", b"[aa:aa:private] => ", b" ", b"[aa:protected] => a\\"]
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: unit * (size // len(unit)))
