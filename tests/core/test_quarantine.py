import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.keys import KeyRing
from scrubber.core.quarantine import EnvelopeError, Quarantine, read_envelope, unseal
from scrubber.core.records import Record
from scrubber.errors import Reason

KEYS = KeyRing({"k1": bytes(range(32))})
ROTATED = KeyRing({"k1": bytes(range(32)), "k2": bytes(range(1, 33))}, active="k2")
RAW = Record(
    "app", 3, 42, 1_700_000_000_000, b"customer-7", b"PLAINTEXT \xff of a record", [("trace", b"HEADER"), ("no", None)]
)

records = st.builds(
    Record,
    topic=st.from_regex(r"[a-z._-]{1,40}", fullmatch=True),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.integers(-1, 2**62),
    key=st.none() | st.binary(),
    value=st.none() | st.binary(),
    headers=st.none() | st.lists(st.tuples(st.text(), st.none() | st.binary())),
)
reasons = st.sampled_from([reason for reason in Reason if reason is not Reason.POLICY_DROP])


def seal(record=RAW, reason=Reason.UNDECODABLE, keys=KEYS, **options):
    return Quarantine(keys).seal(record, reason, "0f" * 32, **options)


@given(record=records, reason=reasons)
def test_the_key_holder_gets_the_record_back_as_it_was(record, reason):
    sealed = seal(record, reason)
    envelope = read_envelope(sealed.envelope)
    assert (sealed.reason, envelope.reason) == (reason, reason)
    assert tuple(unseal(envelope, ROTATED)) == tuple(record)


def test_an_envelope_says_why_and_where_and_how_large():
    envelope = json.loads(seal(keys=KeyRing({})).envelope)
    assert envelope == {
        "schema_version": 1,
        "reason": "undecodable",
        "source": {"topic": "app", "partition": 3, "offset": 42, "timestamp_ms": 1_700_000_000_000},
        "policy_digest": "0f" * 32,
        "sizes": {"key": 10, "value": 23, "headers": 2},
        "payload": "omitted:no_key",
    }


@pytest.mark.parametrize(
    ("sealed", "payload"),
    [
        (lambda: seal(keys=KeyRing({})), "omitted:no_key"),
        (lambda: seal(with_payload=False), "omitted:too_large"),
        (lambda: seal(reason=Reason.POLICY_DROP), "omitted:policy"),
    ],
)
def test_without_a_payload_the_coordinates_stay_and_the_reason_is_named(sealed, payload):
    envelope = read_envelope(sealed().envelope)
    assert envelope.payload == payload
    assert (envelope.source.topic, envelope.source.offset) == ("app", 42)
    with pytest.raises(EnvelopeError, match=payload):
        unseal(envelope, KEYS)


@pytest.mark.parametrize("keys", [KEYS, KeyRing({})])
def test_no_raw_byte_is_outside_the_encrypted_payload(keys):
    sealed = seal(keys=keys)
    shown = sealed.envelope + repr(sealed).encode() + repr(read_envelope(sealed.envelope)).encode()
    for secret in (b"PLAINTEXT", b"customer-7", b"HEADER", b"trace"):
        assert secret not in shown


def test_equal_records_have_different_cipher_texts():
    assert seal().envelope != seal().envelope


def test_the_nonce_is_96_random_bits():
    asked = []
    Quarantine(KEYS, random_bytes=lambda size: asked.append(size) or bytes(size)).seal(RAW, Reason.RESIDUAL, "")
    assert asked == [12]


@pytest.mark.parametrize("field", ["topic", "partition", "offset", "timestamp_ms"])
def test_an_envelope_cannot_be_passed_off_as_another_records(field):
    envelope = json.loads(seal().envelope)
    envelope["source"][field] = "other" if field == "topic" else envelope["source"][field] + 1
    with pytest.raises(EnvelopeError, match="not what was sealed"):
        unseal(read_envelope(json.dumps(envelope).encode()), KEYS)


@pytest.mark.parametrize("change", [{"data": "AAAA"}, {"data": "%"}, {"nonce": "AAAA"}, {"nonce": "A"}])
def test_an_altered_payload_is_refused(change):
    envelope = json.loads(seal().envelope)
    envelope["payload"].update(change)
    with pytest.raises(EnvelopeError, match="not what was sealed"):
        unseal(read_envelope(json.dumps(envelope).encode()), KEYS)


def test_a_wrong_key_and_a_missing_key_are_told_apart():
    envelope = read_envelope(seal().envelope)
    with pytest.raises(EnvelopeError, match="not what was sealed"):
        unseal(envelope, KeyRing({"k1": bytes(32)}))
    with pytest.raises(EnvelopeError, match="'k1', which is not among"):
        unseal(envelope, KeyRing({"k2": bytes(32)}))


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b'{"schema_version":2}', b'{"a":' * 5000])
def test_what_is_no_envelope_is_refused_without_being_repeated(text):
    with pytest.raises(EnvelopeError, match="not a quarantine envelope"):
        read_envelope(text)
