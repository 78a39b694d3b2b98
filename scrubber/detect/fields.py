"""Fields: what a model reads, and what a policy masks whole.

A model reads the text of each field with its escapes undone, and with blanks where the rules are sure already. As many
blanks as there were bytes: positions in the masked text are positions in the field, so nothing has to be moved back. A
run of blanks costs the model no word, and it cannot name what it does not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from scrubber.core.formats import Format, Kind, Token, format_of
from scrubber.core.redact import accepted, join_path
from scrubber.core.spans import Finding, Rank
from scrubber.core.views import Decoded, Located
from scrubber.detect.detector import Detector, Plan
from scrubber.detect.findings import Findings, in_bytes
from scrubber.detect.parts import Part

_LETTER = re.compile(r"[^\W\d_]")
_STEP = re.compile(r"\.|\[")


class _Field(NamedTuple):
    part: int
    token: Token
    masked: bytes


def find_masked(parts: Iterable[Part]) -> Findings:
    """Return the fields that policies mask whole, or that lie inside of one."""
    findings: Findings = {}
    for index, part in enumerate(parts):
        if part.policy.has_field_rules:
            found = [finding for token in format_of(part.text).tokens(part.text) for finding in _mask(part, token)]
            if found:
                findings[index] = found
    return findings


def find_by_model(parts: Iterable[Part], known: Findings, detector: Detector) -> Findings:
    """Run `detector` over all fields of `parts`, all that share a plan in one call. Raises DetectorError."""
    fields: dict[Plan, list[_Field]] = {}
    for index, part in enumerate(parts):
        plan = part.policy.plan()
        fields.setdefault(Plan(plan.labels, plan.thresholds), []).extend(_fields(index, part, known.get(index, [])))
    findings: Findings = {}
    for plan, some in fields.items():
        for field, found in zip(some, _detect(some, detector, plan), strict=True):
            if found:
                findings.setdefault(field.part, []).extend(found)
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


def _fields(index: int, part: Part, known: Sequence[Finding]) -> Iterator[_Field]:
    """Yield the fields of a text that have a word in them."""
    layout = format_of(part.text)
    masked = bytearray(part.text)
    for claim in accepted(part.text, layout, known, part.policy, part.place):
        start, end = claim.finding.start, claim.finding.end
        masked[start:end] = b" " * (end - start)
    for token in _prose(part, layout):
        yield _Field(index, token, bytes(masked[token.start : token.end]))


def _prose(part: Part, layout: Format) -> Iterator[Token]:
    """Yield the tokens that a model reads; of a line, neighbours are one text, so that keys tell what values are."""
    run: Token | None = None
    for token in layout.tokens(part.text):
        if token.kind not in (Kind.TEXT, Kind.STRING) or _is_excluded(part, token):
            continue
        if run is not None and token.kind is Kind.TEXT and run.end == token.start:
            run = run._replace(end=token.end)
            continue
        if run is not None:
            yield run
        run = token
    if run is not None:
        yield run


def _detect(fields: Sequence[_Field], detector: Detector, plan: Plan) -> list[list[Finding]]:
    escaped = [place for place, field in enumerate(fields) if field.token.kind is Kind.STRING and b"\\" in field.masked]
    decoded = Decoded([fields[place].masked for place in escaped])
    texts = [field.masked.decode() for field in fields]
    for place, view in zip(escaped, decoded.texts, strict=True):
        texts[place] = view.decode()
    wordy = [place for place, text in enumerate(texts) if _LETTER.search(text)]
    answers = detector.detect([texts[place] for place in wordy], plan) if wordy else []
    found: list[list[Finding]] = [[] for _ in fields]
    for place, spans in zip(wordy, answers, strict=True):
        found[place] = list(in_bytes(texts[place], spans, Rank.MODEL))
    for number, place in enumerate(escaped):
        found[place] = [_raw(decoded, number, finding) for finding in found[place]]
    return [
        [finding._replace(start=finding.start + token.start, end=finding.end + token.start) for finding in some]
        for (_, token, _), some in zip(fields, found, strict=True)
    ]


def _raw(decoded: Decoded, text: int, finding: Finding) -> Finding:
    span = Located(np.array([text]), np.array([finding.start]), np.array([finding.end]))
    (start,), (end,) = decoded.to_parent(span)
    return finding._replace(start=int(start), end=int(end))
