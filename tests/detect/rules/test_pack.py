import pytest

from scrubber.detect.rules import RuleTier, builtin_rules
from scrubber.detect.rules.selftest import failures


@pytest.mark.parametrize("engine", ["vectorscan", "re2"])
def test_every_built_in_rule_finds_its_examples_and_leaves_its_counter_examples(engine):
    tier = RuleTier(builtin_rules(), engine=engine)
    assert failures(builtin_rules(), tier.find) == []
