import pytest

from scrubber.detect.rules.load import load_rules
from scrubber.detect.rules.tier import RuleTier
from scrubber.errors import ConfigError


def tier(yaml, engine="auto"):
    return RuleTier(load_rules(yaml), engine=engine)


def found(rules, text):
    return [text[hit.start : hit.end] for hit in rules.find([text])[0]]


def test_neighbours_that_share_a_boundary_are_both_found():
    digits = tier("rules: [{id: d, label: pin, pattern: '(?:^|[^\\d])(\\d{3})(?:[^\\d]|$)', examples: ['«123»']}]")
    assert found(digits, b"123 456,789;12") == [b"123", b"456", b"789"]


def test_a_refused_value_does_not_hide_the_one_inside_it():
    card = tier(
        "rules: [{id: c, label: pin, check: luhn, pattern: '(\\d(?: ?\\d){15})', examples: ['«4111111111111111»']}]"
    )
    assert found(card, b"4000 4111 1111 1111 1111") == [b"4111 1111 1111 1111"]


def test_a_key_that_stands_where_a_refused_value_does_still_proves_its_own():
    users = tier(
        "rules: [{id: u, label: user_name, check: user_name, "
        "pattern: '(?:^|[^a-z])(?:login|user)[=: ]{1,3}([a-z]{2,30})', "
        "examples: ['user=«bob»']}]"
    )
    assert found(users, b"login: user=bob") == [b"bob"]


def test_the_value_is_the_first_group_that_took_part_or_the_whole_match():
    groups = tier("rules: [{id: g, label: pin, pattern: 'a(\\d)|b(\\d)|(?:cc)', examples: ['a«1» b«2» «cc»']}]")
    assert found(groups, b"a1 b2 cc") == [b"1", b"2", b"cc"]


def test_hits_are_in_the_order_of_the_text_whatever_rule_they_are_of():
    rules = tier(
        "rules: [{id: z, label: pin, pattern: 'a\\d', examples: ['«a1»']}, "
        "{id: y, label: pin, pattern: 'b\\d', examples: ['«b1»']}]"
    )
    assert found(rules, b"b1 a1 b2 a2") == [b"b1", b"a1", b"b2", b"a2"]


def test_words_around_a_value_are_whole_words_within_the_window():
    near = tier(
        "rules: [{id: n, label: employee_id, pattern: '\\b(\\d{6})\\b', "
        "near: {include: [badge], exclude: [build], within: 12}, "
        "examples: ['badge «123456»', '«123456» is a badge'], counter_examples: ['123456']}]"
    )
    assert found(near, b"Badge: 123456") == [b"123456"]
    assert found(near, b"badges 123456") == []
    assert found(near, b"badge" + b" " * 20 + b"123456") == []
    assert found(near, b"badge 123456 build") == []


def test_a_rule_that_misses_its_example_or_hits_its_counter_example_is_refused_by_name():
    rules = load_rules(
        "rules: [{id: wrong, label: pin, pattern: 'a(\\d)', examples: ['b«1»'], counter_examples: ['a1']}]"
    )
    with pytest.raises(ConfigError) as error:
        RuleTier(rules)
    assert [problem.path for problem in error.value.problems] == [
        "rules.wrong.examples[0]",
        "rules.wrong.counter_examples[0]",
    ]


def test_the_digest_names_what_the_rules_do_and_not_how_they_are_written():
    one = load_rules("rules: [{id: a, label: pin, pattern: '\\d\\d', examples: ['«12»']}]")
    same = load_rules("# a comment\nrules:\n- {label: pin, id: a, examples: ['«34»'], pattern: '[0-9][0-9]'}")
    other = load_rules("rules: [{id: a, label: cvv, pattern: '\\d\\d', examples: ['«12»']}]")
    assert RuleTier(one).digest == RuleTier(same).digest != RuleTier(other).digest


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_value_in_a_container_that_is_cut_ends_with_the_text(cut):
    """`,` is put behind each value there, for a key's pattern may want to see where it ends."""
    pins = tier(
        'rules: [{id: p, label: pin, evidence: key, pattern: \'"pin": ?(?:"([^"]+)|([\\[{]))\', '
        'examples: [\'"pin": "«1»\']}]'
    )
    text = b'{"pin": {"old": "11", "new": ["22'[:cut]
    assert all(hit.start < hit.end <= len(text) for hit in pins.find([text])[0])
    assert found(pins, b'{"pin": {"old": "1", "new": ["22') == [b"1", b"22"]
