"""Policies on the whole pipeline: scopes by topic and level, and every action that writes something."""

import json

import pytest
from hypothesis import example, given

from scrubber.core.actions import Revealer
from scrubber.core.keys import KeyRing
from scrubber.core.policy_compile import compile_policy
from scrubber.core.records import Chunk, Record
from tests.detect.simple_rules import policy, scrub, scrubber
from tests.strategies import json_documents

KEYS = KeyRing({"k1": bytes(32)})


def keyed(**settings):
    return compile_policy({"version": 1, "name": "keyed", **settings}, KEYS)


def test_a_scope_holds_for_its_topics_and_its_levels_within_one_chunk():
    chosen = policy(
        scopes=[
            {"when": {"topics": ["payments.*"]}, "labels": {"api_key": {"action": "drop_field"}}},
            {"when": {"levels": ["debug"]}, "labels": {"api_key": {"action": "mask"}}},
        ]
    )
    lines = [
        ("app", b"INFO S-1234"),
        ("app", b"DEBUG S-1234"),
        ("payments.eu", b"INFO S-1234"),
        ("payments.eu", b"DEBUG S-1234"),
    ]
    chunk = Chunk([Record(topic, 0, offset, 0, None, line, None) for offset, (topic, line) in enumerate(lines)])
    values = [outcome.value for outcome in scrubber(chosen)(chunk).outcomes]
    assert values == [b"INFO <API_KEY>", b"DEBUG *-****", b"<DROPPED>", b"DEBUG *-****"]


def test_a_bare_text_has_the_scope_of_its_level():
    chosen = policy(scopes=[{"when": {"levels": ["error"]}, "labels": {"api_key": {"enabled": False}}}])
    assert scrub(b"ERROR S-1234", chosen).text == b"ERROR S-1234"
    assert scrub(b"INFO S-1234", chosen).text == b"INFO <API_KEY>"


@pytest.mark.parametrize("action", ["replace", "mask", "hash", "encrypt", "surrogate", "drop_field"])
@given(text=json_documents())
@example(text=b'["code:[0,0",null]')
@example(text=b'["code:[\\"0\\",0",null]')
def test_whatever_the_action_json_stays_json_and_nothing_is_residual(action, text):
    result = scrub(text, keyed(defaults={"action": action}))
    assert result.reason is None
    json.loads(result.text)


@given(text=json_documents())
def test_what_was_encrypted_in_json_is_revealed_as_it_was(text):
    hidden = scrub(text, keyed(defaults={"action": "encrypt"}))
    revealer = Revealer(KEYS, as_json=True)
    revealed = json.loads(revealer.reveal(hidden.text), parse_int=str, parse_float=str, object_pairs_hook=list)
    assert _words(revealed) == _words(json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=list))
    assert revealer.revealed.total() == len(hidden.redactions)


def _words(value):
    """Keys and values of a document; one that is no string comes back as one if it was hidden."""
    if isinstance(value, list | tuple):
        return [_words(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)
