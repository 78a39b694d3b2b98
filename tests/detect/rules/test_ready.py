"""Rules are compiled once in a process, and what is wrong with them is told to everybody who asks for them."""

import dataclasses

import pytest

from scrubber.detect.rules import ready
from scrubber.detect.rules.load import load_rules
from scrubber.errors import ConfigError

RULES = load_rules(r"""
rules:
  - id: badge_of_this_test
    label: employee_id
    pattern: '\bB-(\d{6})\b'
    examples: ['badge B-«123456»']
""")


def test_what_has_begun_is_not_done_again(monkeypatch):
    done, compiled = [], ready._compiled
    monkeypatch.setattr(ready, "_compiled", lambda rules: done.append(rules) or compiled(rules))
    ready.begin(RULES)
    for _ in range(2):
        tier = ready.ready_tier(tuple(RULES))
        assert [hit.rule.id for hit in tier.find([b"badge B-123456"])[0]] == ["badge_of_this_test"]
    assert done == [RULES]


def test_who_asks_is_told_what_is_wrong_and_who_begins_is_not():
    (rule,) = RULES
    wrong = (dataclasses.replace(rule, examples=("badge «C-123456»",)),)
    ready.begin(wrong)
    for _ in range(2):
        with pytest.raises(ConfigError, match="badge_of_this_test"):
            ready.ready_tier(wrong)
