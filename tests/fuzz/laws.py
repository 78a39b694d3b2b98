"""What must hold for any bytes whatever. `check` takes one input and raises where something does not."""

from __future__ import annotations

import json
import time
from functools import cache
from zlib import crc32

from scrubber.core.formats import FORMATS, JSON, format_of, otlp
from scrubber.core.quarantine import Quarantine
from scrubber.core.views import Views
from scrubber.detect.pipeline import ScrubbedText, Scrubber
from scrubber.detect.rules import RuleTier, builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.texts import TextPipeline
from scrubber.errors import RecordError
from scrubber.policies import load_policy

LONGEST_SECS, SECS_PER_BYTE = 0.1, 30e-6
"""CPU time that a text may take: many times what the slowest ones need, far below what quadratic work would."""

COMPARED = 16
"""One input in so many goes through the other engine, too."""

PLANTED = ("qz7x@mail.example", "198.51.100.247", "4111 1111 1111 1111")
PLANTED_PASSWORD = "Zq7canary9x"


class Broken(AssertionError):
    """A law does not hold. The message names it."""


def check(data: bytes) -> None:
    """Raise `Broken`, or whatever was raised inside, if `data` breaks a law."""
    _formats(data)
    _otlp(data)
    _engines(data)
    _scrubbed(data)
    _planted_in_a_line(data)
    _planted_in_json(data)


def _formats(data: bytes) -> None:
    """Tokens lie in the text, one behind the other."""
    for layout in FORMATS:
        if not layout.fits(data):
            continue
        done = 0
        try:
            for token in layout.tokens(data):
                _hold(done <= token.start <= token.end <= len(data), f"tokens of {layout.name} in order")
                done = token.end
        except (RecordError, UnicodeDecodeError):
            continue  # what cannot be read never gets here in the pipeline, or goes to quarantine


def _otlp(data: bytes) -> None:
    """What is decoded and encoded again is what it was."""
    decoded = otlp.decode(data)
    _hold(otlp.encode(data, decoded, decoded) == data, "OTLP round trip")


def _engines(data: bytes) -> None:
    """Both engines find the same."""
    if crc32(data) % COMPARED == 0:
        buffers = Views([data], JSON.fits).buffers
        _hold(_tier("vectorscan").find(buffers) == _tier("re2").find(buffers), "both engines find the same")


def _scrubbed(data: bytes) -> None:
    """Nothing is changed outside of redactions, a document stays one, and what came out may be scrubbed again."""
    result = _scrub(data)
    if result.reason is not None:
        _hold(result.text == b"", "no text with a reason")
        return
    if not result.redactions:
        _hold(result.text == data, "untouched without a redaction")
        return
    shown, out = otlp.decode(data).decode(), otlp.decode(result.text).decode()
    done = out_done = 0
    for redaction in result.redactions:
        _hold(shown[done : redaction.start] == out[out_done : redaction.out_start], "bytes outside of redactions")
        done, out_done = redaction.end, redaction.out_end
    _hold(shown[done:] == out[out_done:], "bytes outside of redactions")
    if format_of(data).structured:
        _hold(format_of(result.text).structured, "a document stays one")
    _hold(_scrub(result.text).reason is None, "the output is clean")


def _planted_in_a_line(data: bytes) -> None:
    """What has a shape, in a line of its own, is covered whatever stands before and behind it."""
    for value in PLANTED:
        result = _scrub(b"%s\nsee %s now\n%s" % (data, value.encode(), data))
        _hold(value.encode() not in result.text or value.encode() in data, "no planted value is left")


def _planted_in_json(data: bytes) -> None:
    """What stands under a telling key is covered whatever stands around it."""
    text = data.decode(errors="replace")
    document = {"a": text, "password": PLANTED_PASSWORD, text: {"b": [text, {"secret": {"c": PLANTED_PASSWORD}}]}}
    result = _scrub(json.dumps(document, ensure_ascii=len(data) % 2 == 0).encode())
    if result.reason is None:
        left = result.text.count(PLANTED_PASSWORD.encode())
        _hold(left == 0 or PLANTED_PASSWORD in text, "no planted password is left")
        _hold(len(json.loads(result.text)) >= len(document) - 1, "the document has its members")


def _scrub(data: bytes) -> ScrubbedText:
    scrub = _scrubber().scrub_texts
    started = time.process_time()
    result = scrub([data])[0]
    _hold(time.process_time() - started < LONGEST_SECS + SECS_PER_BYTE * len(data), "no slow input")
    return result


@cache
def _scrubber() -> Scrubber:
    policy = load_policy("logs")
    return Scrubber(TextPipeline(ready_tier(builtin_rules())), lambda _topic: policy, quarantine=Quarantine())


@cache
def _tier(engine: str) -> RuleTier:
    return RuleTier(builtin_rules(), engine=engine)  # type: ignore[arg-type]


def _hold(condition: bool, law: str) -> None:  # noqa: FBT001
    if not condition:
        raise Broken(law)
