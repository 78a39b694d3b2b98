"""OTLP logs in protobuf, as the OpenTelemetry Collector's Kafka exporter writes them.

A protobuf has no text that rules could read: lengths stand before strings, and the name of an attribute far from its
value. So it is read as the JSON that it stands for, one member for each field in the order of the wire; that is
scrubbed like any JSON, and what changed is written back with new lengths. Everything else is copied byte for byte.
Paths and coordinates of redactions are those of that JSON: `resourceLogs.scopeLogs.logRecords.attributes.password`.

Rule 1: what the schema does not know is refused, for it could hold anything. Rule 2: ids, times, flags and counts are
not shown; they hold no text.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from scrubber.core.formats.base import Kind, Token
from scrubber.core.formats.json_lines import Json
from scrubber.core.spans import Redaction

_MAX_DEPTH = 40
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_STRING_TAG = b"\n"  # field 1, bytes: the first field of a LogsData, and the string of an AnyValue
FIRST_BYTE = _STRING_TAG
"""Of every OTLP protobuf."""
_ID_BYTES = frozenset({0, 8, 16})

# opentelemetry/proto/logs/v1 and common/v1: field -> (name, message or kind).
_SCHEMA: dict[str, dict[int, tuple[str, str]]] = {
    "LogsData": {1: ("resourceLogs", "ResourceLogs")},
    "ResourceLogs": {1: ("resource", "Resource"), 2: ("scopeLogs", "ScopeLogs"), 3: ("schemaUrl", "string")},
    "Resource": {1: ("attributes", "KeyValue"), 2: ("", "number"), 3: ("entityRefs", "EntityRef")},
    "EntityRef": {number: (name, "string") for number, name in enumerate(("url", "type", "idKeys", "keys"), start=1)},
    "ScopeLogs": {1: ("scope", "Scope"), 2: ("logRecords", "LogRecord"), 3: ("schemaUrl", "string")},
    "Scope": {1: ("name", "string"), 2: ("version", "string"), 3: ("attributes", "KeyValue"), 4: ("", "number")},
    "LogRecord": {
        **dict.fromkeys((1, 2, 7, 8, 11), ("", "number")),
        **dict.fromkeys((9, 10), ("", "id")),
        3: ("severityText", "string"),
        5: ("body", "AnyValue"),
        6: ("attributes", "KeyValue"),
        12: ("eventName", "string"),
    },
    "KeyValue": {1: ("", "string"), 2: ("", "AnyValue")},
    "AnyValue": {
        1: ("", "string"),
        2: ("", "bool"),
        3: ("", "int"),
        4: ("", "double"),
        5: ("", "ArrayValue"),
        6: ("", "KeyValueList"),
        7: ("", "string"),
    },
    "ArrayValue": {1: ("", "AnyValue")},
    "KeyValueList": {1: ("", "KeyValue")},
}


class OtlpLogs:
    """One protobuf of OTLP logs. `json` is what it says; `encode` takes that back, scrubbed."""

    def __init__(self, root: _Message) -> None:
        self._root = root
        self._leaves: list[_Leaf | bytes] = []
        self.json = _render(root, self._leaves)

    def encode(self, scrubbed: bytes, redactions: list[Redaction]) -> tuple[bytes, list[Redaction]]:
        """Return the protobuf with every string that `scrubbed` says otherwise, and what was done to it.

        What the schema says cannot be changed, nor is it anybody's data: redactions of that are none.
        """
        tokens = list(Json().tokens(scrubbed))
        kept: list[int] = []
        for number, (leaf, token) in enumerate(zip(self._leaves, tokens, strict=True)):
            if isinstance(leaf, _Leaf):
                leaf.update(scrubbed, token)
            elif scrubbed[token.start : token.end] != leaf:
                kept.append(number)
        encoded = self._root.encode()
        return encoded, _without(kept, redactions, scrubbed, decode(encoded)) if kept else redactions


def decode(raw: bytes) -> bytes:
    """Return OTLP logs as JSON, and anything else as the same object."""
    logs = read_otlp(raw) if raw[:1] == _STRING_TAG else None
    return raw if logs is None else logs.json


def encode(raw: bytes, decoded: bytes, scrubbed: bytes, redactions: list[Redaction]) -> tuple[bytes, list[Redaction]]:
    """Return `scrubbed`, which was `decode(raw)` once, as what `raw` is, and those of `redactions` that it shows."""
    if decoded is raw:
        return scrubbed, redactions
    logs = read_otlp(raw)
    assert logs is not None, "What was read once cannot be read again. This is a bug."
    return logs.encode(scrubbed, redactions)


def _without(kept: Sequence[int], redactions: Sequence[Redaction], scrubbed: bytes, written: bytes) -> list[Redaction]:
    """Return `redactions` of `scrubbed` as they lie in `written`, where tokens number `kept` are what they were."""
    places, new_places = _places(scrubbed), _places(written)
    starts = [place.start for place in places]
    told: list[Redaction] = []
    for redaction in redactions:
        number = bisect_right(starts, redaction.out_start) - 1
        if number not in kept:
            shift = new_places[number].start - places[number].start
            start, end = redaction.out_start + shift, redaction.out_end + shift
            told.append(redaction._replace(path=new_places[number].path, out_start=start, out_end=end))
    return told


def _places(text: bytes) -> list[Token]:
    """Return the tokens of a JSON document, `start` and `end` in code points."""
    found: list[Token] = []
    read = characters = 0
    for token in Json().tokens(text):
        start = characters + len(text[read : token.start].decode())
        read, characters = token.start, start
        found.append(token._replace(start=start, end=start + len(text[token.start : token.end].decode())))
    return found


def read_otlp(raw: bytes) -> OtlpLogs | None:
    """Return the logs in `raw`; None where it is anything else, or holds what the schema does not know."""
    if raw[:1] != _STRING_TAG:
        return None
    try:
        return OtlpLogs(_parse("LogsData", b"", raw, raw, 0))
    except _UnreadableError:
        return None


class _UnreadableError(Exception):
    """Not OTLP, or more than the schema knows."""


@dataclass(slots=True, repr=False)
class _Leaf:
    """A scalar: `token` is what it is in JSON, `whole` the field as it lies in the protobuf."""

    tag: bytes
    whole: bytes
    token: bytes
    changed: bool = False

    def update(self, text: bytes, token: Token) -> None:
        value = text[token.start : token.end]
        if token.kind is not Kind.BARE:
            value = b'"' + value + b'"'
        if value == self.token:
            return
        content = orjson.loads(value).encode()
        tag = self.tag if self.token.startswith(b'"') else _STRING_TAG  # a number became a string
        self.whole, self.changed = tag + _varint(len(content)) + content, True

    def encode(self) -> bytes:
        return self.whole


@dataclass(slots=True, repr=False)
class _Message:
    """A message and its fields in the order of the wire, each with its name; what is not shown has none."""

    type: str
    tag: bytes
    whole: bytes
    fields: list[tuple[str, _Message | _Leaf]]

    @property
    def changed(self) -> bool:
        return any(field.changed for _, field in self.fields)

    def encode(self) -> bytes:
        if not self.changed:
            return self.whole
        content = b"".join([field.encode() for _, field in self.fields])
        return self.tag + _varint(len(content)) + content if self.tag else content


# -- wire -> tree ------------------------------------------------------------------------------------------------------


def _parse(kind: str, tag: bytes, whole: bytes, content: bytes, depth: int) -> _Message:
    if depth > _MAX_DEPTH:
        raise _UnreadableError
    fields: list[tuple[str, _Message | _Leaf]] = []
    numbers = []
    for number, wire, field_tag, field, inside in _fields(content):
        name, known = _SCHEMA[kind].get(number, ("", ""))
        numbers.append(number)
        if known in _SCHEMA and wire == _BYTES:
            fields.append((name, _parse(known, field_tag, field, inside, depth + 1)))
        else:
            fields.append((name, _Leaf(field_tag, field, _scalar(known, wire, inside))))
    if (kind == "AnyValue" and len(numbers) > 1) or (kind == "KeyValue" and numbers not in _PAIRS):
        raise _UnreadableError
    return _Message(kind, tag, whole, fields)


_PAIRS: tuple[list[int], ...] = ([], [1], [2], [1, 2], [2, 1])  # the Collector writes the value before the key


def _fields(content: bytes) -> Iterator[tuple[int, int, bytes, bytes, bytes]]:
    """Yield number, wire type, tag, the whole field and what is inside."""
    position = 0
    while position < len(content):
        key, after_tag = _read_varint(content, position)
        tag, wire, start = content[position:after_tag], key & 7, after_tag
        if wire == _BYTES:
            length, start = _read_varint(content, start)
            end = start + length
        elif wire == _VARINT:
            end = _read_varint(content, start)[1]
        elif wire in (_FIXED64, _FIXED32):
            end = start + (8 if wire == _FIXED64 else 4)
        else:
            raise _UnreadableError
        if end > len(content):
            raise _UnreadableError
        yield key >> 3, wire, tag, content[position:end], content[start:end]
        position = end


def _scalar(known: str, wire: int, inside: bytes) -> bytes:
    """Return a scalar as a token of JSON; nothing for what is not shown."""
    if known == "string" and wire == _BYTES:
        try:
            return orjson.dumps(inside.decode())
        except UnicodeDecodeError:
            raise _UnreadableError from None
    if known == "id" and wire == _BYTES and len(inside) in _ID_BYTES:
        return b""
    if known == "number" and wire in (_VARINT, _FIXED64, _FIXED32):
        return b""
    if known == "double" and wire == _FIXED64:
        return orjson.dumps(struct.unpack("<d", inside)[0])
    if known in ("int", "bool") and wire == _VARINT:
        value = _read_varint(inside, 0)[0]
        if known == "bool":
            return b"true" if value else b"false"
        return str(value - (1 << 64) if value >> 63 else value).encode()
    raise _UnreadableError


def _read_varint(content: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(content):
            break
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, position
    raise _UnreadableError


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


# -- tree -> JSON ------------------------------------------------------------------------------------------------------


def _render(field: _Message | _Leaf, leaves: list[_Leaf | bytes]) -> bytes:
    """Return `field` as JSON; `leaves` gets the scalar behind each token, or what the schema says there."""
    if isinstance(field, _Leaf):
        leaves.append(field)
        return field.token
    shown = [(name, inner) for name, inner in field.fields if isinstance(inner, _Message) or inner.token]
    if field.type == "AnyValue":
        if shown:
            return _render(shown[0][1], leaves)
        leaves.append(b"null")
        return b"null"
    if field.type == "ArrayValue":
        return b"[" + b",".join([_render(inner, leaves) for _, inner in shown]) + b"]"
    if field.type == "KeyValueList":
        return b"{" + b",".join([_render(inner, leaves)[1:-1] for _, inner in shown]) + b"}"
    if field.type == "KeyValue":
        return b"{" + _pair(shown, leaves) + b"}"
    members = []
    for name, inner in shown:
        leaves.append(name.encode())
        members.append(orjson.dumps(name) + b":" + _render(inner, leaves))
    return b"{" + b",".join(members) + b"}"


def _pair(shown: list[tuple[str, _Message | _Leaf]], leaves: list[_Leaf | bytes]) -> bytes:
    """Return `"key":value`; an empty key is not on the wire, nor is a value that is not set."""
    sides = []
    for kind, default in ((_Leaf, b'""'), (_Message, b"null")):
        side = next((inner for _, inner in shown if isinstance(inner, kind)), None)
        if side is None:
            leaves.append(default.strip(b'"'))
        sides.append(default if side is None else _render(side, leaves))
    return b":".join(sides)
