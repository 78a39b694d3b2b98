"""Where fuzzing begins: texts that are made of what the engine knows, and ways to spoil them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.selftest import marked

_BREAKS = (
    b'"',
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"=",
    b"\n",
    b" ",
    b"%",
    b"\\u0040",
    b"\\ud800",
    b"%40",
    b"%d4",
    b"\xc3",
    b"<",
    b">",
    b"&quot;",
    b"\x00",
    b"\xff",
    b"\xe2\x80\xa8",
    b"\\\\",
    b'\\"',
    b"1" * 20,
    b"a" * 40,
    b"\x0a\x0b",
)
_LINES = (
    b'<34>1 2026-03-01T12:00:00Z a app 1 - [x@1 user="bob"] login of bob@mail.example',
    b"<34>Mar  1 12:00:00 a sshd[1]: Failed password for bob from 192.0.2.7 port 5 ssh2",
    b"CEF:0|a|b|1|2|login|3|suser=bob src=192.0.2.7 msg=from a\\=b",
    b'192.0.2.7 - bob [01/Mar/2026:12:00:00 +0000] "GET /?mail=bob%40mail.example HTTP/1.1" 200 1',
    b'time=12:00:00 level=info user=bob password="h7Gk 2pQx"',
    b"E: no account for bob@mail.example\n\tat shop.A.find(A.java:42)\n\tat shop.B.run(B.java:7)",
)


def seeds() -> list[bytes]:
    """Examples of every rule, bare and in JSON in JSON, a line of each format, and OTLP."""
    texts = [marked(example)[0] for rule in builtin_rules() for example in (*rule.examples, *rule.counter_examples)]
    nested = [_nested(text, depth) for depth, text in enumerate(texts)]
    return [*texts, *nested, *_LINES, *map(_otlp, texts[::7])]


def words() -> list[bytes]:
    """What may mean something to a decoder or a rule, for the fuzzer to put in."""
    keys = {key for text in seeds() for key in text.split(b"=", 1)[:1] if 2 < len(key) < 24 and key.isalnum()}
    return [*_BREAKS, b'"password":', b'{"key":"password","value":', b"-----BEGIN PRIVATE KEY-----", *sorted(keys)]


def inputs(count: int, seed: int) -> Iterator[bytes]:
    """`count` spoilt seeds, the same for the same `seed`."""
    source, known, pieces = random.Random(seed), seeds(), words()
    for _ in range(count):
        data = source.choice(known)
        for _ in range(source.randint(0, 4)):
            data = _spoil(data, source, known, pieces)
        yield data[:4000]


def _spoil(data: bytes, source: random.Random, known: list[bytes], pieces: list[bytes]) -> bytes:
    start, end = sorted((source.randint(0, len(data)), source.randint(0, len(data))))
    match source.randrange(7):
        case 0:
            return data[:start] + data[end:]
        case 1:
            return data[:start] + source.choice(pieces) + data[start:]
        case 2:
            return data[:start] + source.choice(pieces) + data[end:]
        case 3:
            return data[:end] + data[start:end] * source.randint(1, 5) + data[end:]
        case 4:
            return data[:start] + source.choice(known) + data[start:]
        case 5:
            return data[:start] + bytes([source.randrange(256)]) + data[start + 1 :]
        case _:
            return _nested(data, source.randrange(4))


def _nested(text: bytes, depth: int) -> bytes:
    value: object = text.decode(errors="replace")
    for level in range(depth % 4):
        value = json.dumps({"m": value, "n": level}, ensure_ascii=level % 2 == 0)
    return json.dumps({"message": value, "id": depth}).encode()


def _otlp(text: bytes) -> bytes:
    def field(number: int, content: bytes) -> bytes:
        size, width = len(content), b""
        while size > 0x7F:
            width, size = width + bytes([size & 0x7F | 0x80]), size >> 7
        return bytes([number << 3 | 2]) + width + bytes([size]) + content

    body, attribute = field(1, text), field(1, b"password") + field(2, field(1, text))
    return field(1, field(2, field(2, field(5, body) + field(6, attribute))))
