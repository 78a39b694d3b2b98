"""What a policy decides: which findings count, and what becomes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.actions import Numbering
from scrubber.core.keys import KeyRing
from scrubber.core.labels import DEFAULT_OFF, LABELS
from scrubber.core.policy_compile import compile_policy
from scrubber.core.spans import Span

KEYS = KeyRing({"k1": bytes(32)})


def policy(**parts):
    return compile_policy({"version": 1, "name": "mine", **parts}, KEYS)


def accepts(made, label="email", value="ann@mail.example", path="user.email", score=0.9):
    return made.accepts(Span(0, len(value), label, score, "rules"), value, path)


def rendered(made, label, path="", value="value"):
    return made.action(label, path).render(value, label, Numbering())


# --- labels and thresholds


def test_the_plan_asks_for_what_is_on_in_prompt_order():
    plan = policy().plan()
    assert plan.labels == tuple(name for name in LABELS if name not in DEFAULT_OFF)
    assert set(plan.thresholds) == {0.5}


def test_labels_are_switched_on_and_off_and_have_their_own_thresholds():
    plan = policy(
        defaults={"threshold": 0.6},
        labels={"city": {"enabled": True, "threshold": 0.8}, "email": {"enabled": False}},
    ).plan()
    assert dict(zip(plan.labels, plan.thresholds, strict=True))["city"] == 0.8
    assert "email" not in plan.labels
    assert set(plan.thresholds) == {0.6, 0.8}


def test_a_custom_label_is_a_label_like_any_other():
    made = policy(custom_labels=["ticket_number"], labels={"ticket_number": {"threshold": 0.7, "action": "keep"}})
    assert made.plan().labels[-1] == "ticket_number"
    assert accepts(made, "ticket_number", score=0.7)
    assert not accepts(made, "ticket_number", score=0.69)


def test_a_finding_counts_from_its_threshold_on():
    made = policy(labels={"email": {"threshold": 0.7}})
    assert accepts(made, score=0.7)
    assert not accepts(made, score=0.699)


def test_a_label_that_is_off_never_counts():
    assert not accepts(policy(), "city", score=1.0)


def test_a_label_that_the_policy_has_never_heard_of_counts():
    assert accepts(policy(), "brand_new_label", score=0.5)
    assert not accepts(policy(), "brand_new_label", score=0.4)


# --- allow-list


def test_allowed_values_and_patterns_must_match_the_whole_finding():
    made = policy(allow={"values": ["support@shop.example"], "patterns": ["svc-[a-z]+"]})
    assert not accepts(made, value="support@shop.example")
    assert accepts(made, value="support@shop.example.attacker.example")
    assert not accepts(made, "user_name", "svc-backup")
    assert accepts(made, "user_name", "svc-backup7")
    assert accepts(made, "user_name", "svc-\ud800")


def test_allowed_fields_leave_the_named_labels_or_all():
    made = policy(allow={"fields": {"build.author": "all", "ts": ["postcode"]}})
    assert not accepts(made, path="build.author")
    assert accepts(made, path="build.reviewer")
    assert not accepts(made, "postcode", path="ts")
    assert accepts(made, "email", path="ts")


def test_the_deny_list_beats_allow_lists_thresholds_and_disabled_labels():
    made = policy(
        allow={"values": ["nightjar"], "fields": {"**": "all"}},
        deny={"values": {"Nightjar": "city"}},
        labels={"city": {"enabled": False}},
    )
    [span] = made.find_denied("about nightjar")
    assert (span.start, span.end, span.label) == (6, 14, "city")
    assert made.accepts(span, "nightjar", "x")


# --- deny-list


def test_denied_values_are_found_anywhere_in_any_letter_case_and_denied_patterns_as_they_are():
    made = policy(
        deny={"values": {"Ann Example": "first_name", "Ann": "denied"}, "patterns": {"C-[0-9]{4}": "customer_id"}}
    )
    found = {
        (span.start, span.end, span.label, span.rule)
        for span in made.find_denied("\ud800 ANN EXAMPLE has C-0042, c-0042")
    }
    assert found == {
        (2, 13, "first_name", "deny.values"),
        (2, 5, "denied", "deny.values"),
        (18, 24, "customer_id", "deny.patterns.0"),
    }


@given(
    text=st.text("abAB ", max_size=40), values=st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, unique=True)
)
def test_no_denied_value_is_left_beside_what_was_found(text, values):
    made = policy(deny={"values": dict.fromkeys(values, "denied")})
    covered = [False] * len(text)
    for span in made.find_denied(text):
        covered[span.start : span.end] = [True] * (span.end - span.start)
    rest = "".join("|" if gone else char for char, gone in zip(text, covered, strict=True))
    assert not any(value in rest.lower() for value in values)


def test_the_search_for_denied_values_is_linear_in_the_text():
    made = policy(deny={"patterns": {"(a+)+b": "denied"}})
    assert made.find_denied("a" * 200_000) == []


def test_ten_thousand_denied_values_are_no_trouble():
    made = policy(deny={"values": {f"customer-{n:05d}-x": "customer_id" for n in range(10_000)}})
    assert [span.start for span in made.find_denied("for customer-07777-x and customer-10000-x")] == [4]


# --- fields


def test_a_field_rule_masks_whole_or_keeps_detectors_away():
    made = policy(always_mask=["**.body"], never_scan=["trace.*"], deny={"fields": {"**.nick": "user_name"}})
    masked = made.field_rule("mail[3].body")
    assert (masked.treatment, masked.label, masked.rule) == ("mask", "masked_field", "always_mask:**.body")
    assert made.field_rule("nick").label == "user_name"
    assert made.field_rule("trace.id").treatment == "never_scan"
    assert made.field_rule("message") is None


def test_where_masking_and_never_scan_both_fit_the_field_is_masked():
    assert policy(always_mask=["a.**"], never_scan=["a.b"]).field_rule("a.b").treatment == "mask"


def test_the_span_of_a_masked_field_covers_it_and_always_counts():
    made = policy(always_mask=["body"], allow={"fields": {"body": "all"}})
    span = made.field_rule("body").span("text of any kind")
    assert (span.start, span.end) == (0, 16)
    assert made.accepts(span, "text of any kind", "body")
    assert rendered(made, span.label, "body") == "<MASKED_FIELD>"


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("user.email", "user.email", True),
        ("user.email", "User.EMAIL", True),
        ("user.email", "userxemail", False),
        ("user.*", "user.email", True),
        ("user.*", "user.home.city", False),
        ("user.**", "user.home.city", True),
        ("items[*].card", "items[12].card", True),
        ("items[*].card", "items[1].x[2].card", False),
        ("**.card", "card", True),
        ("**.card", "items[1].card", True),
        ("**.card", "discard", False),
        ("a.**.z", "a.z", True),
        ("a.**.z", "a.b.c.z", True),
        ("@header/*", "@header/x-user", True),
        ("@key", "@key", True),
        ("*", "two\nlines", True),
        ("*", "half\ud800", True),
    ],
)
def test_paths_match_patterns_step_by_step(pattern, path, fits):
    assert (policy(always_mask=[pattern]).field_rule(path) is not None) == fits


# --- actions


def test_an_action_is_that_of_the_field_or_of_the_label_or_the_default():
    made = policy(
        defaults={"action": {"type": "replace", "numbered": True}},
        labels={"credit_debit_card": {"action": {"type": "mask", "keep_last": 4}}},
        field_actions={"user.id": "hash", "user.*": "keep"},
    )
    assert rendered(made, "email") == "<EMAIL_1>"
    assert rendered(made, "credit_debit_card", "payment", "4111111111111111") == "************1111"
    assert made.action("credit_debit_card", "user.id").name == "hash"
    assert made.action("email", "user.name").name == "keep"
    assert made.action("brand_new_label", "x").name == "replace"


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        ("replace", "span"), ("mask", "span"), ("hash", "span"), ("encrypt", "span"), ("surrogate", "span"),
        ("keep", "span"), ("drop_field", "field"), ("drop_record", "record"),
    ],
)  # fmt: skip
def test_every_action_has_its_name_and_says_how_much_it_replaces(action, scope):
    built = policy(defaults={"action": action}).action("email", "")
    assert (built.name, built.scope) == (action, scope)


# --- scopes


def test_a_scope_differs_for_its_topics_and_levels_only():
    made = policy(
        scopes=[
            {"when": {"topics": ["payments.**"]}, "labels": {"iban": {"action": "drop_record"}}},
            {"when": {"levels": ["debug"]}, "labels": {"url": {"enabled": True, "threshold": 0.3}}},
            {"when": {"topics": ["payments.eu"], "levels": ["debug"]}, "field_actions": {"note": "keep"}},
        ]
    )
    assert made.scoped("payments.eu.cards", "info").action("iban", "").name == "drop_record"
    assert made.scoped("orders", "info").action("iban", "").name == "replace"
    assert accepts(made.scoped("orders", "debug"), "url", score=0.3)
    assert not accepts(made.scoped("orders", None), "url", score=1.0)
    assert made.scoped("payments.eu", "debug").action("email", "note").name == "keep"
    assert made.scoped("payments.eu", "critical").action("email", "note").name == "replace"


def test_one_plan_serves_all_scopes_with_the_lowest_threshold_of_each_label():
    made = policy(
        labels={"email": {"threshold": 0.4}},
        scopes=[{"when": {"levels": ["debug"]}, "labels": {"url": {"enabled": True}, "email": {"enabled": False}}}],
    )
    plan = made.scoped("orders", "debug").plan()
    assert plan == made.plan()
    wanted = dict(zip(plan.labels, plan.thresholds, strict=True))
    assert (wanted["url"], wanted["email"]) == (0.5, 0.4)


def test_a_combination_of_scopes_is_compiled_once_and_only_level_scopes_read_levels():
    made = policy(scopes=[{"when": {"topics": ["payments"]}, "labels": {"iban": {"action": "keep"}}}])
    assert made.scoped("payments", "debug") is made.scoped("payments", "debug")
    assert not made.reads_levels
    assert policy(scopes=[{"when": {"levels": ["debug"]}}]).reads_levels


def test_a_policy_without_scopes_is_the_same_for_all_records():
    made = policy()
    assert made.scoped("orders", "debug") is made


# --- what others see of it


def test_the_digest_changes_with_what_the_policy_says_and_with_nothing_else():
    base = policy(labels={"email": {"threshold": 0.4}, "city": {"enabled": True}})
    same = [
        policy(labels={"city": {"enabled": True}, "email": {"threshold": 0.4}}),
        policy(labels={"city": {"enabled": True}, "email": {"threshold": 0.4, "enabled": True}}, description="words"),
        policy(labels={"city": {"enabled": True}, "email": {"threshold": 0.4}, "iban": {"threshold": 0.5}}),
    ]
    others = [
        policy(),
        policy(labels={"email": {"threshold": 0.41}, "city": {"enabled": True}}),
        policy(labels={"email": {"threshold": 0.4, "action": "hash"}, "city": {"enabled": True}}),
        policy(labels={"email": {"threshold": 0.4}, "city": {"enabled": True}}, never_scan=["x"]),
        policy(
            labels={"email": {"threshold": 0.4}, "city": {"enabled": True}}, field_actions={"a": "keep", "b": "mask"}
        ),
        policy(
            labels={"email": {"threshold": 0.4}, "city": {"enabled": True}}, field_actions={"b": "mask", "a": "keep"}
        ),
    ]
    assert {made.digest for made in same} == {base.digest}
    assert len({made.digest for made in [base, *others]}) == len(others) + 1
    assert len(base.digest) == 64


def test_a_policy_never_prints_its_lists():
    made = policy(allow={"values": ["support@shop.example"]}, deny={"values": {"Nightjar": "denied"}})
    assert repr(made) == f"Policy('mine', {made.digest[:16]})"
