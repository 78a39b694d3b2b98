"""A rule tier of three simple rules, and a policy, for tests of the pipeline: the production pack has its own tests."""

from __future__ import annotations

from scrubber.core.policy_compile import compile_policy
from scrubber.core.quarantine import Quarantine
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.pattern import compile_pattern
from scrubber.detect.rules.rule import Rule
from scrubber.detect.rules.tier import RuleTier
from scrubber.detect.texts import TextPipeline

CODE = r"\bcode[\"']?[=:] ?\[?[\"']?([^\"' ,}\[\]]{1,64})"

TIER = RuleTier(
    [
        Rule("secret", "api_key", compile_pattern(r"(?:^|[^\w\-])(S-[0-9]{4})(?:[^\w\-]|$)"), 0.9),
        Rule("number", "pin", compile_pattern(r"(?:^|[^\w.\-+])(7[0-9]{3})(?:[^\w.\-+]|$)"), 0.9),
        Rule("code", "password", compile_pattern(CODE), 0.85, evidence="key"),
    ]
)


def policy(**settings):
    return compile_policy({"version": 1, "name": "test", **settings})


def scrubber(policy_or_policies=None, detectors=(), keys=None):
    """A `Scrubber` with one policy for all topics, or a dict of them."""
    chosen = policy_or_policies or policy()
    policy_for = chosen.__getitem__ if isinstance(chosen, dict) else lambda topic: chosen
    return Scrubber(TextPipeline(TIER, detectors), policy_for, quarantine=Quarantine(), keys=keys)


def scrub(text, policy=None, detectors=()):
    """Scrub one text; returns a `ScrubbedText`."""
    return scrubber(policy, detectors).scrub_texts([text])[0]
