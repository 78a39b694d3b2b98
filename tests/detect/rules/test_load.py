import pytest

from scrubber.detect.rules.load import load_rules
from scrubber.detect.rules.tier import RuleTier
from scrubber.errors import ConfigError

RULES = """
rules:
  - id: badge
    label: employee_id
    pattern: '\\bB-(\\d{6})\\b'
    near: {include: [badge], within: 40}
    examples: ['badge «B-123456»']
"""


def problems(yaml):
    with pytest.raises(ConfigError) as error:
        load_rules(yaml)
    return {problem.path: problem.message for problem in error.value.problems}


def test_every_problem_of_every_rule_is_named_at_once():
    found = problems(
        """
        rules:
          - {id: look, label: pin, pattern: '(?=a)b', examples: ['«b»']}
          - {id: check, label: pin, pattern: 'b', check: lunh, examples: ['«b»']}
          - {id: stdnum, label: pin, pattern: 'b', check: stdnum.xx.yy, examples: ['«b»']}
          - {id: both, label: pin, pattern: 'b', keys: [k], examples: ['«b»']}
          - {id: neither, label: pin, examples: ['«b»']}
          - {id: valued, label: pin, value: 'b', examples: ['«b»']}
          - {id: Spelt Wrong, label: pin, pattern: b, examples: ['«b»']}
          - {id: untested, label: pin, pattern: b}
          - {id: extra, label: pin, pattern: b, examples: ['«b»'], colour: red}
          - {id: loud, label: pin, pattern: b, examples: ['«b»'], score: 2}
          - {id: twice, label: pin, pattern: b, examples: ['«b»']}
          - {id: twice, label: pin, pattern: c, examples: ['«c»']}
          - 17
        """
    )
    assert set(found) == {
        "rules.look.pattern",
        "rules.check.check",
        "rules.stdnum.check",
        "rules.both",
        "rules.neither",
        "rules.valued",
        "rules.Spelt Wrong.id",
        "rules.untested.examples",
        "rules.extra.colour",
        "rules.loud.score",
        "rules.twice",
        "rules.[12]",
    }
    assert "look-ahead" in found["rules.look.pattern"]


def test_a_key_that_stands_twice_is_refused():
    found = problems("rules:\n- id: a\n  label: pin\n  pattern: x1\n  pattern: y1\n  examples: ['«y1»']")
    assert found == {"rules": "not YAML, line 5: the key 'pattern' stands twice"}


def test_a_misspelt_key_and_a_missing_one_are_told_in_words():
    with pytest.raises(ConfigError) as error:
        load_rules(
            "rules: [{id: a, label: pin, patern: b, near: {includ: [c]}}, {id: b, label: pin, examples: ['«b»']}]"
        )
    assert [str(problem) for problem in error.value.problems] == [
        "rules.a.near.includ: unknown key (did you mean 'include'?)",
        "rules.a.examples: missing (the value in each between « and »)",
        "rules.a.patern: unknown key (did you mean 'pattern'?)",
        "rules.b: give either a pattern, or keys (and perhaps the form of their value)",
    ]


@pytest.mark.parametrize("yaml", ["", "[]", "rules: 3", "rules: {a: b}", "rules: [", "a: b", "\x00"])
def test_what_is_no_list_of_rules_is_one_problem(yaml):
    assert len(problems(yaml)) == 1


def test_a_file_is_named_in_its_problems(tmp_path):
    (tmp_path / "mine.yaml").write_text("rules: [{id: a, label: pin, pattern: '(', examples: ['«b»']}]")
    with pytest.raises(ConfigError, match=r"mine\.yaml\.a\.pattern"):
        load_rules(tmp_path / "mine.yaml")


def test_a_key_alone_takes_any_value_in_any_quoting_style():
    tier = RuleTier(
        load_rules("rules: [{id: badge, label: employee_id, keys: [badge number], examples: ['badge number=«V»']}]")
    )
    for text in (
        'badge_number="V x"',
        "badgeNumber: V x",
        "--badge-number V x",
        "{'badge.number': 'V x'}",
        r"{\"badge_number\":\"V x\"}",
        "<badge-number>V x</badge-number>",
        "badge number => `V x`",
    ):
        (hit,) = tier.find([text.encode()])[0]
        assert text[hit.start : hit.end] in {"V", "V x"}, text
        assert hit.rule.evidence == "key"


def test_a_key_with_a_value_wants_the_value_in_that_form():
    tier = RuleTier(
        load_rules(
            "rules: [{id: badge, label: employee_id, keys: [badge], value: '\\d{4}', examples: ['badge «1234»']}]"
        )
    )
    hits = ["badge: 1234", "staff_badge=1234,", '{"badge":1234}', "staffBadge 1234", "BADGE no. 1234", "badge is 1234."]
    misses = ["badger 1234", "xbadge 1234", "badge, 1234", "badge 12345", "badge 123"]
    assert [len(found) for found in tier.find([text.encode() for text in hits])] == [1] * len(hits)
    assert tier.find([text.encode() for text in misses]) == [[]] * len(misses)


def test_no_error_message_repeats_an_example():
    rules = load_rules(RULES.replace("badge «B-123456»", "badge «B-654321» other"))
    with pytest.raises(ConfigError) as error:
        RuleTier(load_rules(RULES.replace("«B-123456»", "«B-65432»")))
    assert "65432" not in str(error.value)
    assert "654321" not in repr(rules)
