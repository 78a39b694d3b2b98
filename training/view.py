"""What the engine shows a model of a text: one of its fields, with blanks where the rules are sure already.

A policy's model never reads a raw line. It reads single values of JSON without their keys, and words with holes between
them ("invalid user" and then nothing). So that is what it has to see in training too, made by the rules themselves.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random
from typing import Final

from scrubber.core.formats import JSON
from scrubber.core.keys import NO_KEYS
from scrubber.core.labels import LABELS
from scrubber.core.normalise import normalise
from scrubber.core.policy import Policy
from scrubber.core.views import Views
from scrubber.detect.fields import read_fields
from scrubber.detect.findings import find_by_rules
from scrubber.detect.parts import Part, Parts
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.tier import RuleTier
from scrubber.policies import load_policy
from training.text import Span, Text

# What a value alone can be told by. Of all others only a key or a sentence says what they are.
TELLING: Final = frozenset(
    {
        "first_name", "last_name", "person", "street_address", "email", "phone_number", "ipv4", "ipv6", "coordinate", "iban",
        "credit_debit_card", "private_key", "company_name", "city", "country", "state", "county", "occupation", "url", "ssn", "race_ethnicity",
        "religious_belief", "sexuality", "political_view", "crypto_wallet",
    }
)  # fmt: skip


@cache
def _engine() -> tuple[Policy, RuleTier]:
    return load_policy("logs", NO_KEYS), ready_tier(builtin_rules())


@cache
def asked() -> tuple[str, ...]:
    """The labels that the policy asks for."""
    return _engine()[0].plan().labels


def prompt(rng: Random) -> list[str]:
    """The labels that a model is asked for, a few left out: policies differ."""
    everything = rng.random() < 0.25  # mostly without what the rules find all of, as `model.labels: auto` does
    return [each for each in asked() if (everything or not LABELS[each].shaped) and rng.random() < 0.95]


def seen(text: Text, rng: Random) -> Text | None:
    """One field of `text` as a model gets it, mostly one that still holds a value; None where there is nothing to read."""
    policy, tier = _engine()
    raw = text.text.encode()
    views = Views([raw], JSON.fits)
    read = read_fields(Parts([Part(raw, policy)]), find_by_rules(views, tier), {})
    fields = [
        _cut(text, raw, field.start, field.masked.decode())
        for some in read.values()
        for field in some
        if b"\\" not in field.masked  # the engine undoes escapes, and positions move
    ]
    fields = [field for field in fields if any(c.isalpha() for c in field.text)]
    return rng.choices(fields, [4 if field.spans else 1 for field in fields])[0] if fields else None


def levelled(text: Text) -> Text:
    """`text` as the template cache shows it to a model: digits that differ from line to line are equal."""
    return replace(text, text=normalise(text.text))


def _cut(text: Text, raw: bytes, start: int, masked: str) -> Text:
    """The stretch of `text` that begins at byte `start` and reads `masked` now, with the values that are still there.

    What is left of a value, or can only be told by what stood around it, is not asked for.
    """
    first = len(raw[:start].decode())
    plain = raw[start : start + len(masked.encode())].decode()
    places = _places(plain, masked)
    spans: list[Span] = []
    undecided: list[Span] = []
    for value, kept in [*((v, spans) for v in text.spans), *((v, undecided) for v in text.undecided)]:
        inside = range(max(value.start - first, 0), min(value.end - first, len(plain)))
        if not inside:
            continue
        span = Span(places[inside[0]], places[inside[-1]] + 1, value.label)
        shown = masked[span.start : span.end]
        if shown.strip() and shown != text.text[value.start : value.end]:
            undecided.append(span)
        elif shown.strip() and (value.label in TELLING or shown.strip() != masked.strip()):
            kept.append(span)
    return Text(masked, tuple(spans), text.domain, tuple(undecided), masked=True)


def _places(plain: str, masked: str) -> list[int]:
    """Where each code point of `plain` stands in `masked`: a character of several bytes becomes several blanks."""
    places, place = [], 0
    for char in plain:
        places.append(place)
        place += 1 if masked[place] == char else len(char.encode())
    return places
