"""Shadow mode: another policy on the same records, of which nothing leaves but counts."""

import dataclasses

import pytest

from scrubber.core.keys import KeyRing
from scrubber.core.policy_compile import compile_policy
from scrubber.core.records import Chunk, Clean, Record
from scrubber.detect.shadow import SUMMARY_SECS, Pair, Shadow
from scrubber.telemetry import ShadowCompared, ShadowFailed, ShadowSummary
from tests.detect.simple_rules import policy, scrubber

SECRET = b"S-1234"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def told():
    return []


def chunk(*values, topic="app"):
    return Chunk([Record(topic, 0, offset, 0, None, value, None) for offset, value in enumerate(values)])


def compared(told, live, tried, *values):
    """What is told of one chunk; the live outcomes are as they were."""
    scrubbed = scrubber(live)(chunk(*values))
    before = list(scrubbed.outcomes)
    Shadow(scrubber(tried), lambda _topic: Pair("a", "b"), told.append).compare(scrubbed)
    assert scrubbed.outcomes == before
    return next(happening for happening in told if isinstance(happening, ShadowCompared))


def test_policies_that_agree_differ_nowhere(told):
    happening = compared(told, policy(), policy(), b"INFO S-1234", b"INFO none")
    assert happening == ShadowCompared("a", "b", 2, 0, (("api_key", "both", 1),), ())


def test_what_only_one_of_them_finds_is_counted_by_label(told):
    off = policy(labels={"api_key": {"enabled": False}})
    assert compared(told, policy(), off, b"S-1234 and S-5678").findings == (("api_key", "policy", 2),)
    told.clear()
    happening = compared(told, off, policy(), b"S-1234", b"none")
    assert (happening.findings, happening.differing) == ((("api_key", "shadow", 1),), 1)


def test_another_action_on_the_same_finding_is_told_apart(told):
    masked = policy(labels={"api_key": {"action": "mask"}})
    assert compared(told, policy(), masked, b"S-1234").findings == (("api_key", "action", 1),)


def test_what_would_go_to_quarantine_is_counted_by_reason(told):
    dropping = policy(labels={"api_key": {"action": "drop_record"}})
    happening = compared(told, policy(), dropping, b"S-1234", b"none")
    assert happening.quarantined == (("policy_drop", "shadow", 1),)
    assert (happening.records, happening.differing) == (2, 1)


def test_nothing_of_a_record_is_told(told):
    keyed = compile_policy({"version": 1, "name": "k", "defaults": {"action": "hash"}}, KeyRing({"k1": bytes(32)}))
    compared(told, policy(), keyed, b'{"note":"S-1234","S-5678":1}')
    assert not any(word in repr(happening) for happening in told for word in ("S-1234", "S-5678", "note", "hash:"))


def test_topics_without_a_shadow_are_not_run_again(told):
    class Never:
        def __call__(self, chunk):
            raise AssertionError

    Shadow(Never(), lambda _topic: None, told.append).compare(scrubber(policy())(chunk(SECRET)))
    assert told == []


def test_a_shadow_that_fails_is_told_and_hurts_nobody(told):
    class Broken:
        def __call__(self, chunk):
            raise ValueError(chunk.records[0].value)

    scrubbed = scrubber(policy())(chunk(SECRET))
    Shadow(Broken(), lambda _topic: Pair("a", "b"), told.append).compare(scrubbed)
    assert told == [ShadowFailed("ValueError", 1)]
    assert isinstance(scrubbed.outcomes[0], Clean)


def test_the_sums_are_told_at_first_and_then_now_and_again(told, clock):
    shadow = Shadow(scrubber(policy()), lambda _topic: Pair("a", "b"), told.append, clock)
    for clock.now in (0.0, 1.0, SUMMARY_SECS, SUMMARY_SECS + 1):
        shadow.compare(scrubber(policy())(chunk(SECRET)))
    sums = [happening for happening in told if isinstance(happening, ShadowSummary)]
    assert [(each.records, each.findings) for each in sums] == [
        (1, (("api_key", "both", 1),)),
        (3, (("api_key", "both", 3),)),
    ]
    assert all(dataclasses.is_dataclass(each) for each in told)
