"""The promises, on the whole pipeline. Rules are those of `simple_rules.py`: secrets look like `S-1234`."""

import json
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrubber.core.keys import KeyRing
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Clean, Quarantined, Record
from scrubber.core.spans import Span
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.pattern import compile_pattern
from scrubber.detect.rules.rule import Rule
from scrubber.detect.rules.tier import RuleTier
from scrubber.detect.texts import TextPipeline
from scrubber.errors import DetectorFailed, Reason
from tests.detect.names import Names
from tests.detect.simple_rules import policy, scrub, scrubber
from tests.strategies import SECRET, json_documents, log_lines, records, secrets

SCRUBBER = scrubber()

records_with_one_finding = st.builds(
    lambda document, secret: json.dumps(document | {"found": {"in": f"a {secret} b"}}, ensure_ascii=False).encode(),
    st.dictionaries(st.sampled_from(["n", "m", "é"]), st.one_of(st.integers(), st.text("ab{}[]:,", max_size=6))),
    secrets,
)


def record(value, key=None, headers=None, offset=0, topic="logs"):
    return Record(topic, 0, offset, 1, key, value, headers)


def outcome(value, key=None, headers=None, **options):
    return scrubber(**options)(Chunk([record(value, key, headers)])).outcomes[0]


def every_string(value):
    """All strings and keys of a JSON value, and those of the JSON inside of strings."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from every_string(key)
            yield from every_string(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every_string(inner)
    elif isinstance(value, str):
        yield value
        try:
            inner = json.loads(value)
        except ValueError:
            return
        if not isinstance(inner, str):
            yield from every_string(inner)


# -- the promises ------------------------------------------------------------------------------------------------------


@given(json_documents())
def test_no_flagged_character_survives_in_json(text):
    scrubbed = SCRUBBER.scrub_texts([text])[0]
    if scrubbed.reason is None:
        assert not any(SECRET.search(string) for string in every_string(json.loads(scrubbed.text)))


@given(log_lines(), secrets)
def test_no_flagged_character_survives_in_a_line(line, secret):
    scrubbed = SCRUBBER.scrub_texts([line + f" {secret}".encode()])[0]
    assert scrubbed.reason is not None or secret.encode() not in scrubbed.text.split()


@given(records)
def test_unflagged_text_is_untouched(text):
    scrubbed = SCRUBBER.scrub_texts([text])[0]
    if scrubbed.reason is None:
        source, output, done, written = text.decode(), scrubbed.text.decode(), 0, 0
        for redaction in scrubbed.redactions:
            assert source[done : redaction.start] == output[written : redaction.out_start]
            done, written = redaction.end, redaction.out_end
        assert source[done:] == output[written:]


@given(records)
def test_what_is_found_is_what_would_be_redacted(text):
    (scrubbed,), (found,) = SCRUBBER.scrub_texts([text]), SCRUBBER.find_in_texts([text])
    if scrubbed.reason is not None and scrubbed.reason is not Reason.RESIDUAL:
        assert found is scrubbed.reason
    elif scrubbed.reason is None:
        assert found == [Span(it.start, it.end, it.label, it.score, it.detector, it.rule) for it in scrubbed.redactions]


@given(records)
def test_a_text_without_findings_leaves_as_the_same_object(text):
    scrubbed = SCRUBBER.scrub_texts([text])[0]
    assert scrubbed.redactions or scrubbed.reason or scrubbed.text is text


@given(json_documents())
def test_json_stays_json(text):
    scrubbed = SCRUBBER.scrub_texts([text])[0]
    if scrubbed.reason is None:
        json.loads(scrubbed.text)


@given(records)
@example(b'2026-03-01T12:00:00Z INFO  code="0 \n"')
@example(b'code=" \n0"')
def test_redact_is_idempotent(text):
    once = SCRUBBER.scrub_texts([text])[0]
    if once.reason is None:
        assert SCRUBBER.scrub_texts([once.text])[0].text == once.text


@given(st.lists(records, max_size=6))
def test_the_same_answer_however_it_is_batched(texts):
    together = SCRUBBER.scrub_texts(texts)
    assert together == [SCRUBBER.scrub_texts([text])[0] for text in texts]


@given(st.lists(st.one_of(records, records_with_one_finding), max_size=6))
def test_the_shortcuts_change_nothing(texts):
    """In a batch with escapes, a NUL and characters beyond ASCII, or without; through `places`, or not."""
    chunk = Chunk([record(text, b"key", [("h", text[:9])], offset) for offset, text in enumerate(texts)])
    outcomes = SCRUBBER(chunk).outcomes
    odd = [record(b"a\\nb"), record(b"a\0b %41"), record("é".encode()), record(b'"value":1')]
    with patch("scrubber.core.formats.json_lines.json_places.places", lambda _text, _wanted: None):
        assert SCRUBBER(Chunk([*chunk.records, *odd])).outcomes[: len(texts)] == outcomes


@given(st.lists(st.one_of(records, st.binary(max_size=40)), max_size=5))
def test_every_record_has_one_outcome_in_order(texts):
    chunk = Chunk([record(text, offset=offset) for offset, text in enumerate(texts)])
    outcomes = SCRUBBER(chunk).outcomes
    assert len(outcomes) == len(texts)
    for text, result in zip(texts, outcomes, strict=True):
        assert isinstance(result, Quarantined) or SECRET.search(text.decode()) is None or result.value != text


@given(
    st.lists(secrets, min_size=1, max_size=3, unique=True), st.sampled_from(["{}", '{{"code": "{}"}}', '{{"{}":1}}'])
)
def test_no_value_in_the_audit_event(planted, shape):
    value = shape.format(" ".join(planted)).encode()
    result = outcome(value, planted[0].encode(), [("h", planted[0].encode())])
    assert isinstance(result, Clean)
    assert not any(secret.encode() in result.audit for secret in planted)
    assert not any(secret in repr(result) for secret in planted)


# -- records -----------------------------------------------------------------------------------------------------------


def test_key_and_headers_are_scrubbed_by_the_same_policy():
    result = outcome(b"fine", b"key S-1234", [("trace", b"S-1234 x"), ("none", None), ("empty", b"")])
    assert (result.key, result.value) == (b"key <API_KEY>", b"fine")
    assert result.headers[:3] == [("trace", b"<API_KEY> x"), ("none", None), ("empty", b"")]
    assert [span["path"] for span in json.loads(result.audit)["redactions"]] == ["@key", "@header/trace"]


@pytest.mark.parametrize("value", [None, b""])
def test_tombstones_and_empty_values_pass_and_their_key_is_scrubbed(value):
    result = outcome(value, b"S-1234")
    assert (result.key, result.value) == (b"<API_KEY>", value)


def test_a_clean_record_says_under_which_policy_it_was_scrubbed():
    chosen = policy()
    result = outcome(b"fine", headers=[("a", b"b")], policy_or_policies=chosen, detectors=[Names()])
    assert result.headers == [
        ("a", b"b"),
        ("scrubber-policy", chosen.digest.encode()),
        ("scrubber-model", b"names@1"),
    ]
    assert result.audit is None


def test_each_topic_has_its_own_policy():
    policies = {"a": policy(), "b": policy(labels={"api_key": {"enabled": False}})}
    chunk = Chunk([record(b"S-1234", topic=topic) for topic in ("a", "b", "a")])
    values = [result.value for result in scrubber(policies)(chunk).outcomes]
    assert values == [b"<API_KEY>", b"S-1234", b"<API_KEY>"]


def test_numbers_of_placeholders_count_through_the_whole_record():
    numbered = policy(defaults={"action": {"type": "replace", "numbered": True}})
    result = outcome(b"S-1111 S-2222", b"S-2222", policy_or_policies=numbered)
    assert (result.value, result.key) == (b"<API_KEY_1> <API_KEY_2>", b"<API_KEY_2>")


def test_equal_values_have_equal_fingerprints_however_they_are_escaped():
    keys = KeyRing({"k1": b"0" * 32})
    result = outcome(rb'{"a":"S-1234","b":"\u0053-1234"}', keys=keys)
    first, second = (span["fingerprint"] for span in json.loads(result.audit)["redactions"])
    assert first == second
    assert first.startswith("k1:")


PIECES = ("%d4", "%41", "%e2%82", "%", "\\ud800", "\\n", "\\u00e9", "é", "x", " S-1234 ", "code=", " Ada ", " ")


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.sampled_from(["code", "m"]))
@example("h7Gk%d4x9", "code").via("its fingerprint")
@example("\\ud800h7Gk%d4x9", "code").via("the value for an action")
@example("\\ud800 %d4 Ada", "m").via("what a model reads")
def test_what_a_percent_escape_stands_for_may_be_no_text(content, key):
    text = f'{{"{key}":"{content}"}}'.encode()
    result = outcome(text, keys=KeyRing({"k1": b"0" * 32}), detectors=[Names("Ada")])
    assert isinstance(result, Clean)
    assert json.loads(result.value)
    assert SECRET.search(result.value.decode()) is None


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [b"\xff\xfe", b"caf\xe9 S-1234", b'{"a":"\xed\xa0\x80"}', "log line S-1234".encode("utf-16-le"), b"\xc3"],
)
def test_what_is_no_utf8_text_is_quarantined(text):
    assert scrub(text).reason is Reason.UNDECODABLE


def test_an_undecodable_record_does_not_touch_its_neighbours():
    texts = [b"S-1111 a", b"\xff", b"S-2222 b"]
    assert [it.text for it in SCRUBBER.scrub_texts(texts)] == [b"<API_KEY> a", b"", b"<API_KEY> b"]


def test_a_nul_is_a_character_like_any_other():
    assert scrub(b"a\0b S-1234\0").text == b"a\0b <API_KEY>\0"


def test_lone_surrogate_escapes_stay_as_they_are():
    assert scrub(rb'{"a":"\ud800 S-1234","n":7001}').text == rb'{"a":"\ud800 <API_KEY>","n":"<PIN>"}'


def test_both_values_of_a_duplicated_key_are_scanned():
    assert scrub(b'{"a":"S-1111","a":"S-2222"}').text == b'{"a":"<API_KEY>","a":"<API_KEY>"}'


def test_big_numbers_and_nan_stay_as_they_are():
    text = b'{"big":123456789012345678901234567890,"nan":NaN,"exp":1E400,"n":7001}'
    assert scrub(text).text == text.replace(b"7001", b'"<PIN>"')


def test_deep_nesting_without_a_finding_passes_and_with_one_is_quarantined():
    deep = b'{"a":' * 10_000 + b'"x"' + b"}" * 10_000
    assert scrub(deep).text is deep
    assert scrub(deep.replace(b"x", b"S-1234")).reason is Reason.TOO_DEEP


def test_cut_json_is_scanned_as_text():
    assert scrub(b'{"a":"x\\n S-1234","b":"S-22').text == b'{"a":"x\\n <API_KEY>","b":"S-22'


def test_escapes_without_end_are_quarantined():
    assert scrub(b"\\" * 2000).reason is Reason.TOO_DEEP


def test_a_text_of_megabytes_is_scrubbed_in_one_piece():
    line = b'{"a":"' + b"x S-1234 \\n" * 20_000 + b'"}'
    scrubbed = scrub(line)
    assert len(scrubbed.redactions) == 20_000
    assert b"S-1234" not in scrubbed.text


# -- evidence of a key -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'{"code":"ab\"cd","x":"ef"}', b'{"code":"<PASSWORD>","x":"ef"}'),
        (rb'{"code": "ab cd"}', b'{"code": "<PASSWORD>"}'),
        (rb'{"code":12.5}', b'{"code":"<PASSWORD>"}'),
        (rb'{"m":"{\"code\":\"ab\\\"cd\"}"}', rb'{"m":"{\"code\":\"<PASSWORD>\"}"}'),
        (rb'{"m":"code=abc and more"}', rb'{"m":"code=<PASSWORD> and more"}'),
        (b"code='ab cd' x", b"code='<PASSWORD>' x"),
        (b'{"code":"ab', b'{"code":"<PASSWORD>'),
        (b'{"code":["a b",12, "c]d"],"x":["y"]}', b'{"code":["<PASSWORD>","<PASSWORD>", "<PASSWORD>"],"x":["y"]}'),
        (b"code=['ab', 'cd'] and ['ef']", b"code=['<PASSWORD>'] and ['ef']"),
        (b'[{"key":"code","value":{"stringValue":"ab"}}]', b'[{"key":"code","value":{"stringValue":"<PASSWORD>"}}]'),
        (b'{"name":"code","value":"a\\"b"}', b'{"name":"code","value":"<PASSWORD>"}'),
        (b'{"name":"code","value":12}', b'{"name":"code","value":"<PASSWORD>"}'),
    ],
)
def test_the_whole_token_is_the_value_that_a_key_proves(text, expected):
    assert scrub(text).text == expected


# -- views -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'{"m":"\u0053-1234"}', b'{"m":"<API_KEY>"}'),
        (rb'{"m":"x\nS-1234\n"}', rb'{"m":"x\n<API_KEY>\n"}'),
        (b"q=S%2D1234&b", b"q=<API_KEY>&b"),
        (rb"C:\new\S-1234", rb"C:\new\<API_KEY>"),
        (b'{"a":1}\n{"b":7001,"c":"x\\ty"}\n', b'{"a":1}\n{"b":"<PIN>","c":"x\\ty"}\n'),
    ],
)
def test_escapes_hide_nothing(text, expected):
    assert scrub(text).text == expected


# -- models ------------------------------------------------------------------------------------------------------------


def test_a_model_reads_fields_with_blanks_where_the_rules_are_sure():
    names = Names()
    scrubbed = scrub(rb'{"code":"Ada","m":"Ada\tsent \"S-1234\" to \u0041da","n":7}', detectors=[names])
    assert names.seen == ['Ada\tsent "      " to Ada']
    assert scrubbed.text == rb'{"code":"<PASSWORD>","m":"<FIRST_NAME>\tsent \"<API_KEY>\" to <FIRST_NAME>","n":7}'


def test_several_models_read_the_same_and_all_that_any_of_them_finds_is_masked():
    models = [Names("Ada Love"), Names("Lovelace", label="last_name", score=0.8), Names("London", label="user_name")]
    scrubbed = scrub(b"S-1234 of Ada Lovelace, London", detectors=models)
    assert [model.seen for model in models] == [["       of Ada Lovelace, London"]] * 3
    assert scrubbed.text == b"<API_KEY> of <FIRST_NAME>, <USER_NAME>"


@pytest.mark.parametrize(("score", "label"), [(0.8, b"<FIRST_NAME>"), (0.95, b"<LAST_NAME>")])
@pytest.mark.parametrize("turn", [1, -1])
def test_of_several_models_the_surer_one_names_what_it_is_in_any_order(score, label, turn):
    models = [Names(), Names(label="last_name", score=score)][::turn]
    assert scrub(b"to Ada", detectors=models).text == b"to " + label


def test_a_model_counts_in_code_points():
    assert scrub("é Ada \U0001f600 Ada".encode(), detectors=[Names()]).text.decode() == (
        "é <FIRST_NAME> \U0001f600 <FIRST_NAME>"
    )


def test_a_model_reads_what_lies_deep_and_what_it_finds_there_is_quarantined():
    deep = b'{"a":' * 300 + b'"to Ada"' + b"}" * 300
    assert scrub(deep, detectors=[Names("Eve")]).text is deep
    assert scrub(deep, detectors=[Names()]).reason is Reason.TOO_DEEP


@pytest.mark.parametrize("fields", [{"never_scan": ["b"]}, {"always_mask": ["b"]}])
@pytest.mark.parametrize("detectors", [[], [Names("Eve")]])
def test_where_fields_have_rules_what_is_too_deep_to_name_is_quarantined_alone(fields, detectors):
    deep = b'{"a":' * 300 + b'"to Ada"' + b"}" * 300
    scrubbed = scrubber(policy(**fields), detectors).scrub_texts([deep, b"to Ada"])
    assert [each.reason for each in scrubbed] == [Reason.TOO_DEEP, None]


@pytest.mark.parametrize("text", [b"S-1234", b"to Ada"])
def test_with_a_model_drop_record_stops_one_record_and_not_its_neighbours(text):
    dropping = policy(labels={"api_key": {"action": "drop_record"}, "first_name": {"action": "drop_record"}})
    scrubbed = scrubber(dropping, [Names()]).scrub_texts([text, b"to Eve"])
    assert [each.reason for each in scrubbed] == [Reason.POLICY_DROP, None]


def test_what_is_left_over_of_a_record_to_drop_is_a_residual():
    dropping = policy(labels={"pin": {"action": "drop_record"}})
    scrubbed = scrubber(dropping, [Names()]).scrub_texts([b"Ada7123", b"to Eve"])
    assert [each.reason for each in scrubbed] == [Reason.RESIDUAL, None]


def test_a_detector_that_fails_stops_the_chunk():
    with pytest.raises(DetectorFailed):
        scrub(b"Ada", detectors=[Names(fails=True)])


# -- policy ------------------------------------------------------------------------------------------------------------


def test_the_deny_list_is_found_in_every_view():
    denied = policy(deny={"values": {"project x": "denied"}})
    text = b'{"m":"about project\\u0020x","n":"PROJECT X \xc3\xa9 project x"}'
    assert scrub(text, denied).text == b'{"m":"about <DENIED>","n":"<DENIED> \xc3\xa9 <DENIED>"}'


def test_the_allow_list_leaves_values_as_they_are():
    assert scrub(b"S-1234 S-9999", policy(allow={"values": ["S-1234"]})).text == b"S-1234 <API_KEY>"


def test_fields_that_are_always_masked_are_masked_with_all_that_is_in_them():
    masked = policy(always_mask=["user", "ids[*].x"])
    text = b'{"user":{"n":1,"names":["a","b"]},"ids":[{"x":"y","z":"y"}],"users":"u"}'
    assert scrub(text, masked).text == (
        b'{"user":{"n":"<MASKED_FIELD>","names":["<MASKED_FIELD>","<MASKED_FIELD>"]},'
        b'"ids":[{"x":"<MASKED_FIELD>","z":"y"}],"users":"u"}'
    )


def test_fields_that_are_never_scanned_are_counted_in_the_audit_event():
    chosen = policy(never_scan=["trace"])
    result = outcome(b'{"trace":"S-1234","m":"S-1234"}', policy_or_policies=chosen)
    assert result.value == b'{"trace":"S-1234","m":"<API_KEY>"}'
    assert json.loads(result.audit)["excluded_characters"] == len("traceS-1234")


def test_drop_record_goes_to_quarantine():
    dropping = policy(labels={"api_key": {"action": "drop_record"}})
    result = outcome(b"S-1234", policy_or_policies=dropping)
    assert result.reason is Reason.POLICY_DROP


def test_a_replacement_that_the_rules_find_again_is_not_a_residual():
    assert scrub(b'code="S-1234" code=x').text == b'code="<API_KEY>" code=<PASSWORD>'


def test_what_the_rules_read_into_a_models_replacement_is_not_a_residual():
    two_words = Rule("two_words", "user_name", compile_pattern(r"(?:^|[^\w])for (\S+ \S+) from"), 0.9)
    pipeline = TextPipeline(RuleTier([two_words]), [Names("Ada x")])
    scrubbing = Scrubber(pipeline, lambda _: policy(), quarantine=Quarantine())
    (scrubbed,) = scrubbing.scrub_texts([b"for not Ada x from"])
    assert scrubbed.text == b"for not <FIRST_NAME> from"


def test_what_the_rules_find_beside_a_models_replacement_is_a_residual():
    assert scrub(b"Ada7123", detectors=[Names()]).reason is Reason.RESIDUAL
