import pytest

from scrubber.detect.rules import tier as tiers
from scrubber.detect.rules.load import load_rules
from scrubber.detect.rules.tier import RuleTier
from scrubber.detect.rules.trial import Trial
from scrubber.detect.rules.vectorscan import Vectorscan
from scrubber.errors import ConfigError

RULES = load_rules(
    r"""
    rules:
      - {id: fine, label: pin, pattern: 'a(\d{3})', examples: ['a«123»']}
      - {id: lossy, label: pin, pattern: '(?:^|[ "])--(?:key|token|secret) (\w+)', examples: ['--key «abc»']}
    """
)


class Lossy(Vectorscan):
    """Loses the matches of the second rule that end behind byte 40, as wrong vector code may."""

    name = "lossy"

    def candidates(self, batch):
        return [found for found in super().candidates(batch) if found[1] != 1 or found[2] < 40]


def test_a_sound_engine_passes_its_trial():
    patterns = [rule.pattern.engine for rule in RULES]
    assert Trial(patterns).missed(Vectorscan(patterns)) == set()


def test_an_engine_that_loses_matches_behind_some_bytes_is_found_out():
    patterns = [rule.pattern.engine for rule in RULES]
    assert Trial(patterns).missed(Lossy(patterns)) == {1}


def test_auto_takes_the_other_engine_where_the_first_fails_its_trial(monkeypatch):
    monkeypatch.setattr(tiers, "Vectorscan", Lossy)
    assert RuleTier(RULES).engine == "re2"


def test_an_engine_asked_for_by_name_is_refused_with_the_rules_that_it_loses(monkeypatch):
    monkeypatch.setattr(tiers, "Vectorscan", Lossy)
    with pytest.raises(ConfigError) as error:
        RuleTier(RULES, engine="vectorscan")
    assert [problem.path for problem in error.value.problems] == ["rules.lossy"]
