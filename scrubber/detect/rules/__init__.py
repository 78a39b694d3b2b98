"""The rule tier: what has a shape, or a telling key, is found by rules. Read `tier.py` first, then `engine.py`."""

from scrubber.detect.rules.load import builtin_rules, load_rules
from scrubber.detect.rules.rule import Near, Rule
from scrubber.detect.rules.tier import RuleHit, RuleTier

__all__ = ["Near", "Rule", "RuleHit", "RuleTier", "builtin_rules", "load_rules"]
