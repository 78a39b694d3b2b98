import json
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrubber.core.actions import Numbering
from scrubber.core.formats import format_of
from scrubber.core.policy_compile import compile_policy
from scrubber.core.redact import redact
from scrubber.core.redact import spans as spans_in
from scrubber.core.spans import Finding, Rank, Span
from scrubber.errors import Reason, RecordError
from tests.strategies import json_documents, records

REPLACE = compile_policy({"version": 1, "name": "test"})


def found(start, end, label="email", **changes):
    return Finding(start, end, label, 0.9, "test", None, Rank.RULE)._replace(**changes)


def redacted(text, *findings, policy=REPLACE):
    return redact(text, format_of(text), findings, policy, Numbering())


def find(text, *values, label="email"):
    return [found(text.index(value), text.index(value) + len(value), label) for value in values]


def action(name, label="email", **settings):
    return compile_policy({"version": 1, "name": "test", "labels": {label: {"action": {"type": name, **settings}}}})


spans = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 40)), max_size=6)


def findings_in(text, spans):
    return [found(start, min(start + width, len(text))) for start, width in spans if start < len(text)]


@given(records, spans)
def test_unflagged_text_is_untouched_byte_for_byte(text, spans):
    result = redacted(text, *findings_in(text, spans))
    if result is None:
        return
    kept, done = [], 0
    for start, end in result.placed:
        kept.append(result.text[done:start])
        done = end
    kept.append(result.text[done:])
    source, done = text.decode(), 0
    gaps = []
    for redaction in result.redactions:
        gaps.append(source[done : redaction.start].encode())
        done = redaction.end
    gaps.append(source[done:].encode())
    assert kept == gaps


@given(records.filter(lambda text: not format_of(text).structured), spans)
def test_every_flagged_character_of_a_text_is_covered(text, spans):
    findings = findings_in(text, spans)
    result = redacted(text, *findings)
    characters = text.decode()
    covered = {
        len(characters[:place].encode())
        for redaction in (result.redactions if result else [])
        for place in range(redaction.start, redaction.end)
    }
    for finding in findings:
        starts = [place for place in range(finding.start, finding.end) if text[place] & 0xC0 != 0x80]
        assert covered.issuperset(starts)


@given(json_documents(), spans)
def test_json_stays_json_whatever_is_flagged(text, spans):
    result = redacted(text, *findings_in(text, spans))
    if result is not None:
        json.loads(result.text)


@given(json_documents(), spans)
def test_json_loses_every_flagged_character_but_for_structure(text, spans):
    findings = findings_in(text, spans)
    result = redacted(text, *findings)
    tokens = list(format_of(text).tokens(text))
    source = text.decode()
    redactions = result.redactions if result else []
    covered = {len(source[:place].encode()) for it in redactions for place in range(it.start, it.end)}
    for finding in findings:
        for token in tokens:
            for place in range(max(finding.start, token.start), min(finding.end, token.end)):
                assert place in covered or text[place] & 0xC0 == 0x80


@given(records, spans)
def test_redactions_say_where_the_replacements_lie_in_the_output(text, spans):
    result = redacted(text, *findings_in(text, spans))
    for redaction, (start, end) in zip(result.redactions, result.placed, strict=True) if result else ():
        assert result.text.decode()[redaction.out_start : redaction.out_end].encode() == result.text[start:end]


def test_a_number_becomes_a_quoted_placeholder():
    text = b'{"card": 4111111111111111, "n": 1}'
    assert redacted(text, *find(text, b"1111")).text == b'{"card": "<EMAIL>", "n": 1}'


def test_a_finding_moves_off_the_structure_into_the_tokens_it_touches():
    text = b'{"lat":12.5,"lon":45.5}'
    result = redacted(text, found(7, 22))
    assert result.text == b'{"lat":"<EMAIL>","<EMAIL>":"<EMAIL>"}'


def test_paths_name_fields_and_a_redacted_key_stands_in_them_as_in_the_output():
    text = b'{"user":{"bob@mail.example":[{"card":"4111"}]}}'
    result = redacted(text, *find(text, b"bob@mail.example", b"4111"))
    assert [redaction.path for redaction in result.redactions] == ["user.<EMAIL>", "user.<EMAIL>[0].card"]


def test_coordinates_are_code_points_of_the_text_as_it_lies_in_the_topic():
    text = 'é {"a" "bob"} ü bob'.encode()
    first, second = redacted(text, *find(text, b"bob"), found(len(text) - 3, len(text))).redactions
    assert (first.start, first.end, first.out_start, first.out_end) == (8, 11, 8, 15)
    assert (second.start, second.end, second.out_start, second.out_end) == (16, 19, 20, 27)


def test_a_finding_that_cuts_a_character_takes_all_of_it():
    text = "aéb".encode()
    assert redacted(text, found(2, 3)).text == b"a<EMAIL>b"


def test_the_action_sees_the_value_without_its_escapes():
    text = rb'{"a":"bob\u0040mail.example","b":"bob@mail.example"}'
    result = redacted(
        text, *find(text, rb"bob\u0040mail.example", b"bob@mail.example"), policy=action("replace", numbered=True)
    )
    assert result.text == b'{"a":"<EMAIL_1>","b":"<EMAIL_1>"}'


def test_what_a_policy_keeps_is_reported_and_stays():
    text = b"from bob to bob"
    result = redacted(text, *find(text, b"bob"), policy=action("keep"))
    assert result.text == text
    assert [redaction.action for redaction in result.redactions] == ["keep"]


def test_what_a_policy_keeps_is_covered_where_something_else_is_not_kept():
    text = b"from bob to"
    result = redacted(text, *find(text, b"bob"), *find(text, b"bob to", label="ipv4"), policy=action("keep"))
    assert result.text == b"from <IPV4>"


def test_drop_field_takes_the_whole_field():
    text = b'{"a":"mail bob now","b":"x"}'
    assert redacted(text, *find(text, b"bob"), policy=action("drop_field")).text == b'{"a":"<DROPPED>","b":"x"}'


def test_drop_record_raises():
    text = b"mail bob"
    with pytest.raises(RecordError) as error:
        redacted(text, *find(text, b"bob"), policy=action("drop_record"))
    assert error.value.reason is Reason.POLICY_DROP


def test_a_finding_nested_too_deep_to_be_named_quarantines():
    text = b"[" * 300 + b'"bob"' + b"]" * 300
    with pytest.raises(RecordError) as error:
        redacted(text, *find(text, b"bob"))
    assert error.value.reason is Reason.TOO_DEEP


def test_placeholders_of_an_earlier_pass_are_left_alone():
    text = b"user=<USER_NAME> mail=<EMAIL_12> x=<NOT_A_LABEL>"
    result = redacted(text, *find(text, b"<USER_NAME>", b"EMAIL_12", b"<NOT_A_LABEL>"))
    assert result.text == b"user=<USER_NAME> mail=<EMAIL_12> x=<EMAIL>"


def test_a_label_that_is_off_is_no_finding():
    text = b"in Berlin"
    assert redacted(text, *find(text, b"Berlin", label="city")) is None


def test_never_scan_keeps_detectors_away_but_not_the_deny_list():
    policy = compile_policy({"version": 1, "name": "test", "never_scan": ["trace"]})
    text = b'{"trace":"bob","x":"eve"}'
    assert redacted(text, *find(text, b"bob", b"eve"), policy=policy).text == b'{"trace":"bob","x":"<EMAIL>"}'
    denied = found(10, 13, "denied", rank=Rank.POLICY, detector="deny-list")
    assert redacted(text, denied, policy=policy).text == b'{"trace":"<DENIED>","x":"eve"}'


def test_cost_is_linear_in_the_number_of_findings():
    def secs(count):
        text = b"[" + b'"bob",' * count + b'"end"]'
        findings = [found(at.start(), at.end()) for at in re.finditer(b"bob", text)]
        started = time.process_time()
        assert len(redacted(text, *findings).redactions) == count
        return time.process_time() - started

    few = min(secs(1_000) for _ in range(3))
    assert secs(80_000) < 4 * 80 * few  # to walk over all tokens for each finding would make it 1,000 times as much


plain_texts = st.one_of(
    records, st.builds(bytes.decode, records).map(lambda text: re.sub(r"[^ -~]|[\\<]", "x", text).encode())
)
spans_of_labels = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 12), st.sampled_from(["email", "user_name", "last_name"])), max_size=5
)
LOOKS_AT_VALUES = compile_policy({"version": 1, "name": "test", "allow": {"values": ["nothing that is ever found"]}})


def found_at(places):
    """Findings at places that each begin where the one before ends."""
    end = 0
    for gap, width, label in places:
        start, end = end + gap, end + gap + width
        yield found(start, end, label, score=0.3 if width == 12 else 0.9)


@given(plain_texts, spans_of_labels)
@example(b"x ann cole", [(2, 3, "user_name"), (1, 4, "last_name")])
def test_the_short_way_leads_to_what_the_long_one_does(text, places):
    findings = [finding for finding in found_at(places) if finding.end <= len(text)]
    assert redacted(text, *findings) == redacted(text, *findings, policy=LOOKS_AT_VALUES)


@pytest.mark.parametrize("policy", [REPLACE, LOOKS_AT_VALUES, action("keep"), action("drop_field")])
@given(text=plain_texts, places=spans_of_labels)
def test_the_spans_of_a_text_are_those_of_its_redactions(policy, text, places):
    findings = [finding for finding in found_at(places) if finding.end <= len(text)]
    result = redacted(text, *findings, policy=policy)
    acted_on = [
        Span(it.start, it.end, it.label, it.score, it.detector, it.rule) for it in (result.redactions if result else ())
    ]
    assert spans_in(text, findings, policy) == acted_on
