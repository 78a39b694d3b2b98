"""Fields: what a model reads, and what a policy masks whole.

A model reads the text of each field with its escapes undone, and with blanks where the rules are sure already. As many
blanks as there were bytes: positions in the masked text are positions in the field, so nothing has to be moved back. A
run of blanks costs the model no word, and it cannot name what it does not see.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from scrubber.core.formats import JSON, Format, Kind, Token, format_of
from scrubber.core.policy import Policy
from scrubber.core.redact import accepted, join_path
from scrubber.core.spans import Finding, Rank
from scrubber.core.views import Decoded, Located
from scrubber.detect.detector import Detector, Plan
from scrubber.detect.findings import Findings, in_bytes
from scrubber.detect.parts import Part, Parts
from scrubber.errors import Reason, RecordError

_LETTER = re.compile(r"[^\W\d_]")
_NEXT_OF_LIST = re.compile(rb'"\s{0,64},\s{0,64}"')
_MANY, _TOGETHER, _TOGETHER_BYTES = 64, 32, 1_000
_STEP = re.compile(r"\.|\[")
_READ = (Kind.TEXT, Kind.STRING)
_new = tuple.__new__  # makes a NamedTuple in a third of the time

Unreadable = dict[int, Reason]
"""Why texts cannot be read, by their index."""


class Field(NamedTuple):
    """What a model reads of a text: from byte `start` of it on, with blanks where the rules are sure.

    `escaped`: it is of JSON, and has escapes.
    """

    part: int
    start: int
    masked: bytes
    escaped: bool


Fields = dict[Plan, list[Field]]
"""Fields by what is to be found in them."""


def find_masked(parts: Iterable[Part], unreadable: Unreadable) -> Findings:
    """Return the fields that policies mask whole, or that lie inside of one. What cannot be told apart is added to
    `unreadable`.
    """
    findings: Findings = {}
    for index, part in enumerate(parts):
        if part.policy.has_field_rules:
            try:
                found = [finding for token in format_of(part.text).tokens(part.text) for finding in _mask(part, token)]
            except RecordError as error:
                unreadable[index] = error.reason
                continue
            if found:
                findings[index] = found
    return findings


def read_fields(parts: Parts, known: Findings, unreadable: Unreadable) -> Fields:
    """Return the fields of `parts`. Texts in which they cannot be told apart, or that must not go on whatever else is
    found, are added to `unreadable`.
    """
    by_policy: defaultdict[Policy, list[Field]] = defaultdict(list)
    for index, (text, policy) in enumerate(zip(parts.texts, parts.policies, strict=True)):
        if index not in unreadable and text:
            try:
                by_policy[policy] += _fields(index, parts, known.get(index, ()))
            except RecordError as error:
                unreadable[index] = error.reason
    fields: defaultdict[Plan, list[Field]] = defaultdict(list)
    for policy, some in by_policy.items():
        fields[policy.plan()] += some
    return fields


def find_by_model(fields: Fields, detector: Detector) -> Findings:
    """Run `detector` over all `fields`, all that share a plan in one call. Raises DetectorError."""
    findings: Findings = {}
    for plan, some in fields.items():
        for part, found in _detect(some, detector, plan):
            findings.setdefault(part, []).extend(found)
    return findings


def excluded_characters(part: Part) -> int:
    """Return how many code points of a text the policy's `never_scan` keeps from the detectors."""
    if not part.policy.has_field_rules:
        return 0
    return sum(
        len(part.text[token.start : token.end].decode())
        for token in format_of(part.text).tokens(part.text)
        if _is_excluded(part, token)
    )


def _is_excluded(part: Part, token: Token) -> bool:
    rule = part.policy.field_rule(join_path(part.place, token.path))
    return rule is not None and rule.treatment == "never_scan"


def _mask(part: Part, token: Token) -> Iterator[Finding]:
    """Yield the whole token where its path, or that of anything around it, is to be masked."""
    path = join_path(part.place, token.path)
    for around in [path, *(path[: step.start()] for step in _STEP.finditer(path))]:
        rule = part.policy.field_rule(around)
        if rule is not None and rule.treatment == "mask" and token.kind is not Kind.KEY:
            span = rule.span("")
            yield Finding(token.start, token.end, span.label, span.score, span.detector, span.rule, Rank.POLICY)


def _fields(index: int, parts: Parts, known: Sequence[Finding]) -> list[Field]:
    part = parts[index]
    text, masked = part.text, part.text
    layout = format_of(text)
    if known:
        blanked = bytearray(text)
        for claim in accepted(text, layout, known, part.policy, part.place):
            start, end = claim.finding.start, claim.finding.end
            blanked[start:end] = b" " * (end - start)
        masked = bytes(blanked)
    fields = [(start, masked[start:end]) for start, end in _prose(part, layout)]
    escapes = layout.structured and b"\\" in text
    return [_new(Field, (index, start, read, escapes and b"\\" in read)) for start, read in fields]


def _prose(part: Part, layout: Format) -> Iterable[tuple[int, int]]:
    """Return what a model reads; of a line, neighbours are one text, so that keys tell what values are."""
    if layout is JSON and not part.policy.has_field_rules:
        return _few(part.text, list(JSON.strings(part.text)))  # no path needs to be known
    return _joined(token for token in layout.tokens(part.text) if token.kind in _READ and not _is_excluded(part, token))


def _few(text: bytes, strings: list[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Return `strings`; where there are many, those that stand one behind another in a list as one text.

    A model reads its labels before each text. Of a list of short words that was nineteen twentieths of its work, and
    among their neighbours as many names are found, and fewer that are none.
    """
    return strings if len(strings) < _MANY else _of_lists(text, strings)


def _of_lists(text: bytes, strings: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    first_start = last_end = -1
    count = 0
    for start, end in strings:
        is_next = first_start >= 0 and end - first_start <= _TOGETHER_BYTES and count < _TOGETHER
        if is_next and _NEXT_OF_LIST.fullmatch(text, last_end, start):
            last_end, count = end, count + 1
            continue
        if first_start >= 0:
            yield first_start, last_end
        first_start, last_end, count = start, end, 1
    yield first_start, last_end


def _joined(tokens: Iterable[Token]) -> Iterator[tuple[int, int]]:
    run_start = run_end = -1
    for start, end, _, kind in tokens:
        if kind is Kind.TEXT and run_end == start:
            run_end = end
            continue
        if run_end >= 0:
            yield run_start, run_end
        run_start, run_end = start, end
    if run_end >= 0:
        yield run_start, run_end


def _detect(fields: Sequence[Field], detector: Detector, plan: Plan) -> Iterator[tuple[int, list[Finding]]]:
    """Yield what is found in fields that have a word, by their part."""
    texts = [field.masked.decode() for field in fields]
    escaped = [place for place, field in enumerate(fields) if field.escaped]
    decoded = Decoded([fields[place].masked for place in escaped], percents=False)
    for place, view in zip(escaped, decoded.texts, strict=True):
        texts[place] = view.decode()
    numbers = {place: number for number, place in enumerate(escaped)}
    wordy = [place for place, text in enumerate(texts) if _LETTER.search(text)]
    answers = detector.detect([texts[place] for place in wordy], plan) if wordy else []
    for place, spans in zip(wordy, answers, strict=True):
        if spans:
            part, shift, _, _ = fields[place]
            found = list(in_bytes(texts[place], spans, Rank.MODEL))
            if place in numbers:
                found = [_raw(decoded, numbers[place], finding) for finding in found]
            yield part, [finding._replace(start=finding.start + shift, end=finding.end + shift) for finding in found]


def _raw(decoded: Decoded, text: int, finding: Finding) -> Finding:
    span = Located(np.array([text]), np.array([finding.start]), np.array([finding.end]))
    (start,), (end,) = decoded.to_parent(span)
    return finding._replace(start=int(start), end=int(end))
