import json
import math
import shutil
import string
from importlib import resources
from typing import NamedTuple
from unittest import mock

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core import audit
from scrubber.core.audit import AuditTrail
from scrubber.core.keys import KeyRing
from scrubber.core.labels import LABELS
from scrubber.core.records import Record
from scrubber.core.spans import Redaction
from tests.memory import bytes_kept

SCHEMA = json.loads(resources.files("scrubber.core").joinpath("audit.schema.json").read_bytes())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEYS = KeyRing({"k1": bytes(32)})


class Detector(NamedTuple):
    name: str
    revision: str
    digest: str


def trail(keys=None):
    return AuditTrail("logs", "0f" * 32, [Detector("rules", "1", "ab12")], keys)


def record(value=b"", offset=42):
    return Record("app", 3, offset, 1_700_000_000_000, b"key", value, [("h", b"x")])


def redaction(path="user.email", **changes):
    return Redaction(path, "email", 3, 19, 3, 10, 0.987654, "rules", "email", "replace")._replace(**changes)


redactions = st.lists(
    st.builds(
        Redaction,
        path=st.text(st.characters()),
        label=st.sampled_from(sorted(LABELS)),
        start=st.integers(0, 2**40),
        end=st.integers(0, 2**40),
        out_start=st.integers(0, 2**40),
        out_end=st.integers(0, 2**40),
        score=st.floats(0, 1),
        detector=st.sampled_from(["rules", "gliner", "deny-list", "field-rule"]),
        rule=st.none() | st.just("email"),
        action=st.sampled_from(["replace", "mask", "hash", "encrypt", "surrogate", "drop_field", "keep"]),
    )
)


@given(redactions=redactions, excluded=st.integers(0, 2**40), offset=st.integers(0, 2**62))
def test_every_event_fits_the_published_schema(redactions, excluded, offset):
    made = trail(KEYS)
    prints = [made.fingerprint(each.label, "value") for each in redactions]
    event = json.loads(made.event(record(offset=offset), redactions, prints, excluded))
    VALIDATOR.validate(event)
    assert event["schema_version"] == audit.SCHEMA_VERSION
    assert event["source"]["offset"] == offset
    assert len(event["redactions"]) == len(redactions)


def slow_event(*arguments):
    with mock.patch.object(audit, "_short_event", return_value=None):
        return trail().event(*arguments)


def test_most_events_are_written_by_what_is_compiled_where_there_is_a_compiler():
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    event = audit._short_event(b"{", record(), [redaction(), redaction(rule=None)], 7)
    assert b'"excluded_characters":7,"redactions":[{"path":"user.email"' in event
    for other in (redaction(path="é"), redaction(path='"'), redaction(path="a\nb"), redaction(score=0.0)):
        assert audit._short_event(b"{", record(), [redaction(), other], 7) is None


@given(
    redactions=redactions,
    path=st.text(string.printable, max_size=6),
    excluded=st.integers(0, 2**40),
    offset=st.integers(-(2**63), 2**63 - 1),
    score=st.floats(0, 1) | st.integers(0, 10_000).map(lambda tenths: tenths / 10_000),
)
def test_compiled_or_not_the_event_is_the_same(redactions, path, excluded, offset, score):
    plain = [each._replace(path=path, score=score) for each in redactions]
    for some in (redactions, plain, tuple(plain)):
        assert trail().event(record(offset=offset), some, (), excluded) == slow_event(
            record(offset=offset), some, (), excluded
        )


@pytest.mark.parametrize(
    "arguments",
    [(), ("{", record(), [], 0), (b"{", None, [], 0), (b"{", ("app", 3, 42), [], 0), (b"{", record(), None, 0)],
)
def test_malformed_arguments_are_refused_by_what_is_compiled(arguments):
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    with pytest.raises(TypeError):
        audit._short_event(*arguments)


@pytest.mark.parametrize(
    "changes", [{"start": 2**80}, {"start": "1"}, {"score": math.nan}, {"score": 1}, {"label": None}, {"rule": 1}]
)
def test_what_no_redaction_has_is_left_to_python(changes):
    assert audit._short_event(b"{", record(), [redaction(**changes)], 0) is None
    assert audit._short_event(b"{", record(), [redaction()[:-1]], 0) is None


def test_nothing_is_kept_of_an_event():
    long = redaction(path="a" * 2000)

    def once():
        for some in ([long], [long, redaction(path="é")], [long, redaction(start=2**80)], [long, redaction(score=2.0)]):
            trail().event(record(), some)

    assert bytes_kept(once) < 50_000


def test_an_event_says_what_was_found_where_and_what_became_of_it():
    event = json.loads(trail().event(record(), [redaction()], excluded_characters=7))
    assert event == {
        "schema_version": 1,
        "policy": {"name": "logs", "digest": "0f" * 32},
        "detectors": [{"name": "rules", "revision": "1", "digest": "ab12"}],
        "source": {"topic": "app", "partition": 3, "offset": 42, "timestamp_ms": 1_700_000_000_000},
        "excluded_characters": 7,
        "redactions": [
            {
                "path": "user.email", "label": "email", "start": 3, "end": 19, "out_start": 3, "out_end": 10,
                "score": 0.9877, "detector": "rules", "rule": "email", "action": "replace",
            }
        ],
    }  # fmt: skip


# Letters that occur in no key, label or digest of an event, so that a hit is a leak.
secrets = st.text("ΑΒΓΔΕΖΗΘжзийклмн一丁七" + string.whitespace[1:], min_size=1, max_size=40)


@given(key=secrets, value=secrets, header=secrets)
def test_audit_never_contains_source_text(key, value, header):
    source = Record("app", 0, 1, 0, key.encode(), value.encode(), [("h", header.encode())])
    made = trail(KEYS)
    event = made.event(source, [redaction()], [made.fingerprint("email", value)])
    escaped = json.dumps(json.loads(event)).encode()
    for text in (key, value, header):
        assert text.encode() not in event
        assert json.dumps(text)[1:-1].encode() not in escaped


def test_half_a_surrogate_pair_in_a_field_name_does_not_stop_the_event():
    event = json.loads(trail().event(record(), [redaction(path="a\ud800b")]))
    assert event["redactions"][0]["path"] == "a\ufffdb"


@given(value=st.text(st.characters()), other=st.text(st.characters()))
def test_fingerprints_are_equal_for_equal_values_of_a_label_and_key_only(value, other):
    made = trail(KEYS)
    print_ = made.fingerprint("email", value)
    assert print_.startswith("k1:")
    assert (print_ == made.fingerprint("email", other)) == (value == other)
    assert print_ != made.fingerprint("user_name", value)
    assert print_ != trail(KeyRing({"k1": bytes(31) + b"\1"})).fingerprint("email", value)


def test_without_a_key_there_is_no_fingerprint():
    assert trail().fingerprint("email", "ann@mail.example") is None


def test_fingerprints_that_do_not_match_the_redactions_are_a_bug():
    with pytest.raises(ValueError, match="zip"):
        trail().event(record(), [redaction()], [None, None])


def test_scores_are_rounded_for_people():
    event = json.loads(trail().event(record(), [redaction(score=1 / math.pi)]))
    assert event["redactions"][0]["score"] == 0.3183
