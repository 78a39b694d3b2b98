"""`model.labels: auto`: what a model is not asked for, the rules find."""

import pytest

from scrubber.core.keys import NO_KEYS
from scrubber.core.labels import LABELS
from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Plan
from scrubber.detect.parts import Part, Parts
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.selftest import marked
from scrubber.detect.sparing import SparingDetector, found_by_rules
from scrubber.detect.texts import TextPipeline
from scrubber.policies import PRESETS, load_policy

SHAPED = sorted(label for label in LABELS if LABELS[label].shaped)
FOUND = found_by_rules(builtin_rules())


class Asked:
    """Finds "Ada", and remembers what it was asked."""

    def __init__(self):
        self.plans, self.texts = [], []

    def detect(self, texts, plan):
        self.plans.append(plan)
        self.texts += texts
        return [[Span(0, 3, "first_name", 0.9, "asked")] if text.startswith("Ada") else [] for text in texts]

    def warm_up(self): ...

    def describe(self):
        return Description("asked", "1", "00")

    def close(self): ...


def test_every_label_with_a_shape_has_rules_that_prove_a_value_by_itself():
    assert sorted(FOUND) == SHAPED
    for label in SHAPED:
        assert any(rule.evidence == "shape" for rule in builtin_rules() if rule.label == label)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_no_preset_asks_more_of_a_hit_than_the_rules_of_a_label_with_a_shape_are_sure_of(preset):
    asked = SparingDetector(Asked(), FOUND).asked(load_policy(preset, NO_KEYS).plan())
    assert not set(asked.labels) & set(SHAPED)


@pytest.mark.parametrize("label", SHAPED)
def test_what_is_not_asked_for_is_redacted_all_the_same(label):
    model = Asked()
    pipeline = TextPipeline(ready_tier(builtin_rules()), [SparingDetector(model, FOUND)])
    policy = load_policy("logs", NO_KEYS)
    examples = [example for rule in builtin_rules() if rule.label == label for example in rule.examples]
    for text, values in map(marked, examples):
        result = pipeline.run(Parts([Part(b"Ada wrote " + text, policy)]))[0]
        assert b"Ada" not in result.text
        assert not [start for start, end in values if text[start:end] in result.text]
    assert all(label not in plan.labels for plan in model.plans)


def test_a_model_is_asked_for_mail_addresses_since_not_all_of_them_have_their_marks():
    asked = SparingDetector(Asked(), FOUND).asked(load_policy("logs", NO_KEYS).plan())
    assert "email" in asked.labels


def test_labels_keep_their_order_and_thresholds_and_custom_ones_are_asked():
    model = Asked()
    plan = Plan(("first_name", "ipv4", "ticket_number", "iban", "last_name"), (0.3, 0.5, 0.6, 0.5, 0.4))
    found = SparingDetector(model, FOUND).detect(["Ada"], plan)
    assert model.plans == [Plan(("first_name", "ticket_number", "last_name"), (0.3, 0.6, 0.4))]
    assert found == [[Span(0, 3, "first_name", 0.9, "asked")]]


def test_a_label_is_asked_for_where_the_policy_wants_more_than_the_rules_are_sure_of():
    sparing = SparingDetector(Asked(), {"iban": 0.95})
    assert sparing.asked(Plan(("iban",), (0.95,))).labels == ()
    assert sparing.asked(Plan(("iban",), (0.96,))).labels == ("iban",)


def test_a_detector_that_has_nothing_to_find_is_not_asked():
    model = Asked()
    assert SparingDetector(model, FOUND).detect(["Ada", "Ada"], Plan(("iban",), (0.5,))) == [[], []]
    assert model.texts == []
