"""What is wrong with a policy file is said at once, with its path and a hint; and what presets add up to."""

import pytest

from scrubber.core.actions import Numbering
from scrubber.core.keys import KeyRing
from scrubber.core.labels import LABELS
from scrubber.core.policy_compile import compile_policy
from scrubber.errors import ConfigError
from scrubber.policies import PRESETS, load_policy, read_preset

MINE = {"version": 1, "name": "mine"}


def problems(document, **options):
    with pytest.raises(ConfigError) as caught:
        compile_policy(document, **options)
    return [str(problem) for problem in caught.value.problems]


def test_every_mistake_of_shape_is_listed_with_its_path_and_a_hint():
    assert problems(
        {
            "name": "two words",
            "defalts": {},
            "labels": {"email": {"thresold": 0.5, "threshold": 1.5}, "ssn": {"action": "maks"}},
            "defaults": {"action": {"type": "mask", "keep_lats": 4, "keep_first": -1}},
            "field_actions": {"mask": {"type": "replace", "numbered": "yes"}},
            "scopes": [{"when": {"levels": ["inf"]}}],
        }
    ) == [
        "version: missing (version: 1)",
        "name: string should match pattern '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'",
        "defaults.action.keep_first: input should be greater than or equal to 0",
        "defaults.action.keep_lats: unknown key (did you mean 'keep_last'?)",
        "labels.email.threshold: input should be less than or equal to 1",
        "labels.email.thresold: unknown key (did you mean 'threshold'?)",
        "labels.ssn.action: unknown action (did you mean 'mask'?)",
        "field_actions.mask.numbered: input should be a valid boolean",
        "scopes.0.when.levels.0: input should be 'trace', 'debug', 'info', 'warning', 'error' or 'critical'",
        "defalts: unknown key (did you mean 'defaults'?)",
    ]


def test_every_mistake_of_meaning_is_listed_with_its_path_and_a_hint():
    assert problems(
        {
            **MINE,
            "custom_labels": ["Ticket"],
            "labels": {"emial": {}, "denied": {"enabled": False}},
            "deny": {"values": {"Nightjar": "projekt"}, "patterns": {"(?=a)": "denied"}},
            "allow": {"patterns": ["a*"], "fields": {"ts": ["dat"]}},
            "scopes": [{"when": {}, "labels": {"ipv5": {}}}],
        }
    ) == [
        "custom_labels.0: 'Ticket' is not a label (snake case: letters, digits and '_')",
        "labels.emial: no label is called 'emial' (did you mean 'email'?)",
        "labels.denied: always counts (only its action can be set)",
        "allow.fields.ts: no label is called 'dat' (did you mean 'date'?)",
        "deny.values.0: no label is called 'projekt' (declare it under custom_labels)",
        "scopes.0.labels.ipv5: no label is called 'ipv5' (did you mean 'ipv6'?)",
        "scopes.0.when: no condition (name topics or levels, or move it to the top level)",
        "allow.patterns.0: the pattern matches the empty text (use + instead of *)",
        "deny.patterns.0: RE2 refuses the pattern: invalid perl operator: (?= (no look-around and no back references)",
    ]


@pytest.mark.parametrize("action", ["hash", "encrypt", "surrogate"])
def test_an_action_that_needs_a_key_is_refused_without_one_wherever_it_stands(action):
    found = problems(
        {
            **MINE,
            "defaults": {"action": action},
            "labels": {"email": {"action": action}},
            "field_actions": {"user.id": action},
            "scopes": [{"when": {"levels": ["debug"]}, "labels": {"ssn": {"action": action}}}],
        }
    )
    assert [line.split(":")[0] for line in found] == [
        "defaults.action", "labels.email.action", "field_actions.user.id", "scopes.0.labels.ssn.action",
    ]  # fmt: skip
    assert f"{action} needs a key" in found[0]


def test_a_problem_never_repeats_an_entry_of_the_deny_list():
    assert "Nightjar" not in "".join(problems({**MINE, "deny": {"values": {"Nightjar": "projekt"}}}))


def test_a_policy_takes_from_its_preset_what_it_leaves_open():
    presets = {
        "base": {
            "version": 1,
            "name": "base",
            "defaults": {"threshold": 0.4, "action": "drop_field"},
            "labels": {"email": {"threshold": 0.3, "action": "keep"}, "city": {"enabled": True}},
            "allow": {"values": ["root"]},
            "field_actions": {"*": "keep"},
        }
    }
    made = compile_policy(
        {
            **MINE,
            "extends": "base",
            "defaults": {"action": "mask"},
            "labels": {"email": {"threshold": 0.6}},
            "allow": {"values": ["admin"]},
            "field_actions": {"note": "drop_record"},
        },
        presets=presets,
    )
    wanted = dict(zip(made.plan().labels, made.plan().thresholds, strict=True))
    assert (wanted["email"], wanted["city"]) == (0.6, 0.4)
    assert made.name == "mine"
    assert made.action("email", "a.b").name == "keep"
    assert made.action("ssn", "a.b").name == "mask"
    assert (made.action("ssn", "note").name, made.action("ssn", "other").name) == ("drop_record", "keep")
    assert made._allowed.values == {"root", "admin"}


def test_an_unknown_preset_is_one_problem_among_the_others():
    assert problems({**MINE, "extends": "log", "labels": {"emial": {}}}, presets={"logs": MINE}) == [
        "extends: no preset is called 'log' (did you mean 'logs'?)",
        "labels.emial: no label is called 'emial' (did you mean 'email'?)",
    ]


# --- presets


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_loads_without_a_key_under_its_own_name(name):
    made = load_policy(name)
    assert made.name == name
    assert read_preset(name)["description"]


def test_the_first_preset_is_what_a_policy_without_a_word_would_be():
    assert load_policy("logs").plan() == compile_policy(MINE).plan()


def test_presets_have_different_digests():
    assert len({load_policy(name).digest for name in PRESETS}) == len(PRESETS)


def test_an_unknown_preset_is_refused_with_a_hint():
    with pytest.raises(ConfigError, match="did you mean 'strict'"):
        load_policy("stric")


def test_hipaa_looks_for_every_safe_harbor_identifier_that_text_can_hold():
    identifiers = {
        "first_name", "last_name", "street_address", "city", "county", "postcode", "coordinate", "date_of_birth",
        "date", "age", "phone_number", "fax_number", "email", "ssn", "medical_record_number",
        "health_plan_beneficiary_number", "account_number", "certificate_license_number", "vehicle_identifier",
        "license_plate", "device_identifier", "url", "ipv4", "ipv6", "biometric_identifier", "unique_id",
    }  # fmt: skip
    assert identifiers <= set(load_policy("hipaa").plan().labels)


def test_gdpr_looks_for_the_special_categories_at_a_lower_threshold_than_for_the_rest():
    plan = load_policy("gdpr").plan()
    thresholds = dict(zip(plan.labels, plan.thresholds, strict=True))
    special = [
        "political_view",
        "race_ethnicity",
        "religious_belief",
        "sexuality",
        "biometric_identifier",
        "blood_type",
    ]
    assert all(thresholds[label] < thresholds["email"] for label in special)


def test_pci_shows_no_more_of_a_card_than_six_and_four_digits_and_nothing_of_a_code():
    made = load_policy("pci")
    card = made.action("credit_debit_card", "").render("4111 1111 1111 1111", "credit_debit_card", Numbering())
    assert card == "4111 11** **** 1111"
    assert made.action("cvv", "").render("123", "cvv", Numbering()) == "<CVV>"


def test_strict_looks_for_everything():
    assert set(load_policy("strict").plan().labels) == set(LABELS)


def test_a_preset_with_a_key_can_hash():
    made = load_policy({**MINE, "extends": "gdpr", "defaults": {"action": "hash"}}, KeyRing({"k1": bytes(32)}))
    assert made.action("email", "").name == "hash"
