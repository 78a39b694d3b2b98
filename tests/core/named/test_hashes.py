"""Values of hashes of Redis, under the names of their fields."""

import pytest

from scrubber.core.named.hashes import named_values
from tests.core.named.linear import assert_linear


def found(text):
    text = text.encode()
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('HSET user:1 a V b "W x"', [("a", "V"), ("b", "W x")]),
        ('1.2 [0 127.0.0.1:5123] "hmset" "user:1" "a" "V" "b" "W"', [("a", "V"), ("b", "W")]),
        ('["HSET","user:1","a","V","b","W"]', [("a", "V"), ("b", "W")]),
        ("redis-cli HMSET user:1 a 'V w'\nb W", [("a", "V w")]),
        ('{"cmd":"HSET user:1 a V","n":1}', [("a", "V")]),
        ('{"cmd":"HSET user:1 a "V w","n":1}', [("a", "V w")]),
        ("HSET user:1 a 'V w", [("a", "V w")]),
        ("XADD users MAXLEN ~ 1000 * a V b W", [("a", "V"), ("b", "W")]),
        ('> HGETALL user:1\n1) "a"\n2) "V"\n3) "b"\n4) "W"\n>', [("a", "V"), ("b", "W")]),
        ("HSET user:1", []),
        ('> KEYS *\n1) "a"\n2) "V"', []),
    ],
    ids=[
        *("words", "quotes", "JSON", "a line", "within JSON", "quotes within JSON", "cut", "a stream", "an answer"),
        *("no fields", "an answer with keys"),
    ],
)
def test_the_values_of_fields(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit", ["HSET ", "HSET a b ", "HSET '", 'HSET a "', "XADD ", "HGETALL\n", 'HGETALL\n1) "', "a b "]
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"HSET a " + unit.encode() * (size // len(unit)))
