"""Promise 8: matching time is linear in the text, for every rule, on the texts that are worst for it."""

import time

import pytest

from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.selftest import marked

KILOBYTE = 1000


def repeated(unit, size):
    return (unit * (size // len(unit) + 1))[:size]


def shapes(rule):
    """An example again and again, its start again and again (never finished), and its start with a tail without end."""
    text, spans = marked(rule.examples[0])
    start, end = min(spans)
    head, value = text[:start], text[start:end]
    yield "examples", lambda size: repeated(text + b" ", size)
    yield "heads", lambda size: repeated(head + value[: len(value) // 2] or b"a", size)
    yield "tail", lambda size: head + repeated(value[-1:], size)
    yield "values", lambda size: head + repeated(value, size)


GENERAL = {
    "letters": b"a",
    "digits": b"1",
    "spaced digits": b"4 1 1 1 ",
    "colons": b"1:",
    "dots": b"1.",
    "at": b"a@",
    "a.a@": b"a.a@",
    "quotes": b'"',
    "backslashes": b"\\",
    "escaped quotes": b'\\"',
    "user=": b"user= ",
    "password=": b'password="',
    "begin": b"-----BEGIN ",
    "jwt": b"eyJ" + b"a" * 900 + b".",
    "high bytes": b"\xc3\xa9@",
    "nul": b"\x00",
    "lines": b"\n",
}


def cost(tier, text):
    started = time.process_time()
    tier.find([text])
    return time.process_time() - started


@pytest.mark.parametrize("unit", GENERAL.values(), ids=GENERAL.keys())
def test_a_hostile_text_costs_in_proportion_to_its_length(vectorscan, unit):
    """Ten times the text may cost fifteen times as much, noise and all, where the smaller cost can be measured."""
    small, large = (min(cost(vectorscan, repeated(unit, size * KILOBYTE)) for _ in range(2)) for size in (100, 1000))
    assert large < 15 * max(0.01, small)


@pytest.mark.parametrize("rule", builtin_rules(), ids=lambda rule: rule.id)
def test_a_text_made_for_a_rule_is_read_in_milliseconds(vectorscan, rule):
    """Quadratic matching would need seconds for these 40 kB."""
    for name, make in shapes(rule):
        assert cost(vectorscan, make(40 * KILOBYTE)) < 0.5, (rule.id, name)
