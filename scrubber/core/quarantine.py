"""The quarantine envelope: why a record did not go on, where it is, and, encrypted, what it was.

Rule 1: a payload leaves here only as AES-256-GCM cipher text; without a key the envelope has coordinates alone, which
is enough to find the raw record in its own topic. Rule 2: the coordinates are authenticated with the payload, so an
envelope cannot be passed off as another record's. Rule 3: what a policy drops has no payload, whatever the key.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Literal

import msgspec
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.records import Headers, Quarantined, Record
from scrubber.errors import Reason, ScrubberError

SCHEMA_VERSION = 1

# Random nonces of 96 bits are good for 2**32 payloads with one key (NIST SP 800-38D): rotate long before that.
_NONCE_BYTES = 12


class EnvelopeError(ScrubberError):
    """An envelope that cannot be opened; the message says why, and nothing of what is in it."""


class Source(msgspec.Struct, frozen=True):
    """Where the record is."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Sizes(msgspec.Struct, frozen=True):
    """Bytes of key and value (None where there is none) and number of headers."""

    key: int | None
    value: int | None
    headers: int


class Sealed(msgspec.Struct, frozen=True):
    """An encrypted payload. `nonce` and `data` are base64."""

    cipher: Literal["AES-256-GCM"]
    key_id: str
    nonce: str
    data: str

    def __repr__(self) -> str:
        """The key's id and the size."""
        return f"Sealed({self.key_id}, {len(self.data)} characters)"


Omitted = Literal["omitted:no_key", "omitted:too_large", "omitted:policy"]


class Envelope(msgspec.Struct, frozen=True):
    """What the quarantine topic holds for a record, as JSON."""

    schema_version: Literal[1]
    reason: Reason
    source: Source
    policy_digest: str
    sizes: Sizes
    payload: Sealed | Omitted


class Quarantine:
    """Seals records that must not go on.

    `keys`: the active one encrypts; without any, envelopes have no payload. `random_bytes` makes nonces.
    """

    def __init__(self, keys: KeyRing = NO_KEYS, *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._key_id = keys.active
        self._cipher = _cipher(keys, keys.active) if keys.active is not None else None
        self._random_bytes = random_bytes

    def seal(self, record: Record, reason: Reason, policy_digest: str, *, with_payload: bool = True) -> Quarantined:
        """Return the envelope of `record`; `with_payload` is False where it would be too large for its topic."""
        source = Source(record.topic, record.partition, record.offset, record.timestamp_ms)
        envelope = Envelope(
            schema_version=1,
            reason=reason,
            source=source,
            policy_digest=policy_digest,
            sizes=Sizes(_size(record.key), _size(record.value), len(record.headers or ())),
            payload=self._payload(record, reason, source) if with_payload else "omitted:too_large",
        )
        return Quarantined(reason, _encode(envelope))

    def _payload(self, record: Record, reason: Reason, source: Source) -> Sealed | Omitted:
        if reason is Reason.POLICY_DROP:
            return "omitted:policy"
        if self._cipher is None or self._key_id is None:
            return "omitted:no_key"
        nonce = self._random_bytes(_NONCE_BYTES)
        plain = msgspec.msgpack.encode((record.key, record.value, record.headers))
        data = self._cipher.encrypt(nonce, plain, _associated(source))
        return Sealed("AES-256-GCM", self._key_id, b64encode(nonce).decode(), b64encode(data).decode())


def read_envelope(envelope: bytes) -> Envelope:
    """Return the envelope, still sealed. Raises EnvelopeError."""
    try:
        return msgspec.json.decode(envelope, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EnvelopeError("not a quarantine envelope of this version") from None


def unseal(envelope: Envelope, keys: KeyRing) -> Record:
    """Return the record as it was read. Raises EnvelopeError."""
    payload, source = envelope.payload, envelope.source
    if isinstance(payload, str):
        raise EnvelopeError(f"no payload ({payload}); the raw record is in its own topic")
    if payload.key_id not in keys:
        raise EnvelopeError(f"encrypted with the key {payload.key_id!r}, which is not among the keys given")
    try:
        plain = _cipher(keys, payload.key_id).decrypt(
            b64decode(payload.nonce, validate=True), b64decode(payload.data, validate=True), _associated(source)
        )
    except (InvalidTag, ValueError):
        raise EnvelopeError("the payload is not what was sealed: wrong key, or altered") from None
    key, value, headers = msgspec.msgpack.decode(plain, type=tuple[bytes | None, bytes | None, Headers | None])
    return Record(source.topic, source.partition, source.offset, source.timestamp_ms, key, value, headers)


_encode = msgspec.json.Encoder().encode


def _cipher(keys: KeyRing, key_id: str) -> AESGCM:
    return AESGCM(keys.derive(key_id, "quarantine"))


def _associated(source: Source) -> bytes:
    return orjson.dumps([SCHEMA_VERSION, source.topic, source.partition, source.offset, source.timestamp_ms])


def _size(content: bytes | None) -> int | None:
    return len(content) if content is not None else None
