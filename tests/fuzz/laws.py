"""What must hold for any bytes whatever. `check` takes inputs and raises where something does not."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cache
from typing import Literal
from zlib import crc32

from scrubber.core.formats import FORMATS, JSON, format_of, otlp
from scrubber.core.keys import KeyRing
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Quarantined, Record
from scrubber.core.views import Views
from scrubber.detect.pipeline import ScrubbedText, Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.tier import RuleTier
from scrubber.detect.texts import TextPipeline
from scrubber.errors import Reason, RecordError
from scrubber.policies import PRESETS, load_policy
from tests.detect.names import Names

LONGEST_SECS, SECS_PER_BYTE = 0.1, 30e-6
"""CPU time that a text may take: many times what the slowest ones need, far below what quadratic work would."""

COMPARED, IN_LINES, IN_JSON, AS_RECORDS = 16, 4, 8, 4
"""One input in so many goes through the other engine, stands around planted lines, stands in a planted document, is a
record for a model and other policies.
"""

PLANTED = (b"qz7x@mail.example", b"198.51.100.247", b"4111 1111 1111 1111")
PLANTED_PASSWORD = "Zq7canary9x"

FIELDS = {
    "always_mask": ["m", "**.user", "password.**", "attributes.**"],
    "never_scan": ["a", "id"],
    "deny": {"values": {"worker": "denied", "é": "denied"}, "patterns": {"[0-9]+z": "denied"}},
    "allow": {"values": ["bob"], "patterns": ["192[.].*"], "fields": {"message": ["email"]}},
    "scopes": [{"when": {"levels": ["info"]}, "labels": {"email": {"enabled": False}}}],
}
"""What a policy may say of fields, values and levels."""


class Broken(AssertionError):
    """A law does not hold. The message names it; `data` broke it."""

    def __init__(self, law: str, data: bytes) -> None:
        super().__init__(law)
        self.data = data


def check(inputs: Sequence[bytes]) -> None:
    """Raise `Broken` for the first of `inputs` that breaks a law, or whatever was raised inside."""
    for data in inputs:
        _formats(data)
        _otlp(data)
    _outputs(inputs)
    _engines(_some(inputs, COMPARED))
    _planted_in_lines(_some(inputs, IN_LINES))
    _planted_in_json(_some(inputs, IN_JSON))
    _records(_some(inputs, AS_RECORDS))


def _some(inputs: Sequence[bytes], one_in: int) -> list[bytes]:
    return [data for data in inputs if crc32(data) % one_in == 0]


def _formats(data: bytes) -> None:
    """Tokens lie in the text, one behind the other."""
    for layout in FORMATS:
        if not layout.fits(data):
            continue
        done = 0
        try:
            for token in layout.tokens(data):
                _hold(done <= token.start <= token.end <= len(data), f"tokens of {layout.name} in order", data)
                done = token.end
        except (RecordError, UnicodeDecodeError):
            continue  # what cannot be read never gets here in the pipeline, or goes to quarantine


def _otlp(data: bytes) -> None:
    """What is decoded and encoded again is what it was."""
    decoded = otlp.decode(data)
    _hold(otlp.encode(data, decoded, decoded, []) == (data, []), "OTLP round trip", data)


def _engines(inputs: Sequence[bytes]) -> None:
    """Both engines find the same, and it lies in the text."""
    for data in inputs:
        buffers = Views([data], JSON.fits).buffers
        found = _tier("vectorscan").find(buffers)
        _hold(found == _tier("re2").find(buffers), "both engines find the same", data)
        for buffer, hits in zip(buffers, found, strict=True):
            _hold(all(0 <= hit.start < hit.end <= len(buffer) for hit in hits), "hits lie in the text", data)


def _outputs(inputs: Sequence[bytes]) -> None:
    """Nothing is changed outside of redactions, a document stays one, and what came out may be scrubbed again."""
    results = _scrub(inputs)
    for data, result in zip(inputs, results, strict=True):
        if result.reason is not None:
            _hold(result.text == b"", "no text with a reason", data)
        elif not result.redactions:
            _hold(result.text == data, "untouched without a redaction", data)
        else:
            _redacted(data, result)
    changed = [index for index, result in enumerate(results) if result.redactions and result.reason is None]
    for index, again in zip(changed, _scrub([results[index].text for index in changed]), strict=True):
        # Shorter around the same NULs it may look like no text at all.
        _hold(again.reason in (None, Reason.UNDECODABLE), "the output is clean", inputs[index])


def _redacted(data: bytes, result: ScrubbedText) -> None:
    shown, out = otlp.decode(data), result.text
    if shown is not data:
        out = otlp.decode(out)
    shown, out = shown.decode(), out.decode()
    done = out_done = 0
    for redaction in result.redactions:
        _hold(shown[done : redaction.start] == out[out_done : redaction.out_start], "bytes outside of redactions", data)
        done, out_done = redaction.end, redaction.out_end
    _hold(shown[done:] == out[out_done:], "bytes outside of redactions", data)
    if format_of(data).structured:
        _hold(format_of(result.text).structured, "a document stays one", data)


def _planted_in_lines(inputs: Sequence[bytes]) -> None:
    """What has a shape, in a line of its own, is covered whatever stands before and behind it."""
    planted = b"".join(b"\nsee %s now\n" % value for value in PLANTED)
    for data, result in zip(inputs, _scrub([data + planted + data for data in inputs]), strict=True):
        left = [value for value in PLANTED if value in result.text and value not in data]
        _hold(not left, "no planted value is left", data)


def _planted_in_json(inputs: Sequence[bytes]) -> None:
    """What stands under a telling key is covered whatever stands around it."""
    documents = []
    for data in inputs:
        text = data.decode(errors="replace")
        document = {"a": text, "password": PLANTED_PASSWORD, text: {"b": [text, {"secret": {"c": PLANTED_PASSWORD}}]}}
        documents.append(json.dumps(document, ensure_ascii=len(data) % 2 == 0).encode())
    for data, result in zip(inputs, _scrub(documents), strict=True):
        if result.reason is None:
            clean = PLANTED_PASSWORD.encode() not in result.text or PLANTED_PASSWORD.encode() in data
            _hold(clean, "no planted password is left", data)
            json.loads(result.text)


def _records(inputs: Sequence[bytes]) -> None:
    """Whatever the action, and with a model, keys and fields: nothing raises, and each redaction is in the event."""
    for data in inputs:
        scrub = _scrubbers()[crc32(data) % len(_scrubbers())]
        line = data.decode(errors="replace").partition("\n")[0]
        key = json.dumps({"password": line, "m": f"to bob {line}"}).replace("\\\\", "\\").encode()  # escapes stay such
        (outcome,) = scrub(Chunk([Record("app", 0, 0, 0, key, data, [("h", data)])])).outcomes
        if isinstance(outcome, Quarantined):
            continue
        _hold((outcome.value == data and outcome.key == key) or outcome.audit is not None, "audited", data)
        if outcome.audit is not None:
            redactions = json.loads(outcome.audit)["redactions"]
            _hold(all(each["fingerprint"] for each in redactions), "each redaction has its fingerprint", data)


def _scrub(texts: Sequence[bytes]) -> list[ScrubbedText]:
    scrub = _scrubber().scrub_texts
    started = time.process_time()
    results = scrub(texts)
    took, size = time.process_time() - started, sum(map(len, texts))
    _hold(
        took < LONGEST_SECS + SECS_PER_BYTE * size, f"no slow input: {took:.2f} s for {size} bytes", b"\n".join(texts)
    )
    return results


@cache
def _scrubber() -> Scrubber:
    policy = load_policy("logs")
    return Scrubber(TextPipeline(ready_tier(builtin_rules())), lambda _topic: policy, quarantine=Quarantine())


@cache
def _scrubbers() -> list[Scrubber]:
    keys = KeyRing({"k": bytes(range(32))}, "k")
    policies = [load_policy(name) for name in PRESETS]
    for action in ("mask", "hash", "encrypt", "surrogate", "drop_field", "drop_record"):
        own = {"version": 1, "name": "own", "extends": "logs", "defaults": {"action": {"type": action}}}
        policies += [load_policy(own, keys), load_policy(own | FIELDS, keys)]
    tier = ready_tier(builtin_rules())
    return [
        Scrubber(TextPipeline(tier, [Names("bob")]), lambda _topic, it=it: it, quarantine=Quarantine(keys), keys=keys)
        for it in policies
    ]


@cache
def _tier(engine: Literal["vectorscan", "re2"]) -> RuleTier:
    return RuleTier(builtin_rules(), engine=engine)


def _hold(condition: bool, law: str, data: bytes) -> None:  # noqa: FBT001
    if not condition:
        raise Broken(law, data)
