"""Explanations: what each detector said about a text, and what the policy made of it."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from scrubber.core.formats import JSON, format_of
from scrubber.core.policy import Policy
from scrubber.core.spans import Finding, Redaction
from scrubber.core.views import Views
from scrubber.detect.findings import find_by_rules
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.rule import RULES, Rule
from scrubber.errors import Reason

_CONTROL_PICTURES = 0x2400
_CONTINUATION = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that begin no code point
_DELETE, _DELETE_PICTURE = 0x7F, "\u2421"


class Found(NamedTuple):
    """One finding. `start` and `end` are code points; `action` is empty where the policy left it alone."""

    path: str
    start: int
    end: int
    label: str
    by: str
    score: float
    check: str
    action: str


class Explanation(NamedTuple):
    """A text and what became of it. With a `reason` it does not go on, and `clean` is empty."""

    text: str
    clean: str
    reason: Reason | None
    found: list[Found]

    def pieces(self) -> Iterator[tuple[str, Found | None]]:
        """Yield the text in pieces, each with the finding that covers it."""
        done = 0
        for found in self.found:
            if found.action:
                yield self.text[done : found.start], None
                yield self.text[found.start : found.end], found
                done = found.end
        yield self.text[done:], None


class Explainer:
    """Explains texts. The answer is the engine's own; the rules are asked once more for what the policy left alone."""

    def __init__(self, scrub: Scrubber, policy: Policy, rules: tuple[Rule, ...]) -> None:
        self._scrub = scrub
        self._tier = ready_tier(rules)
        self._checks = {rule.id: rule.check or "" for rule in rules}
        self.described = f"policy {policy.name} ({policy.digest[:12]}), {len(rules)} rules ({self._tier.digest[:12]})"

    def explain(self, text: bytes) -> Explanation:
        """Explain one record. Raises DetectorError."""
        scrubbed = self._scrub.scrub_texts([text])[0]
        if scrubbed.reason in (Reason.UNDECODABLE, Reason.TOO_DEEP):  # nobody can say what is where
            return Explanation("", "", scrubbed.reason, [])
        acted = [self._acted(redaction) for redaction in scrubbed.redactions]
        left = list(self._left_alone(text, acted))
        return Explanation(text.decode(), scrubbed.text.decode(), scrubbed.reason, sorted(acted + left, key=_place))

    def _acted(self, redaction: Redaction) -> Found:
        by, check = self._origin(redaction.detector, redaction.rule)
        where = redaction.path, redaction.start, redaction.end
        return Found(*where, redaction.label, by, redaction.score, check, redaction.action)

    def _left_alone(self, text: bytes, acted: Sequence[Found]) -> Iterator[Found]:
        """Yield what the rules find beside `acted`, which rises without overlap."""
        findings = sorted(find_by_rules(Views([text], JSON.fits), self._tier).get(0, []), key=_place)
        point_of = _code_points(text, {edge for finding in findings for edge in (finding.start, finding.end)})
        starts = [found.start for found in acted]
        left = []
        for finding in findings:
            before = bisect_left(starts, point_of[finding.end]) - 1
            if before < 0 or acted[before].end <= point_of[finding.start]:
                left.append(finding)
        for finding, path in zip(left, _paths(text, left), strict=True):
            by, check = self._origin(finding.detector, finding.rule)
            start, end = point_of[finding.start], point_of[finding.end]
            yield Found(path, start, end, finding.label, by, finding.score, check, "")

    def _origin(self, detector: str, rule: str | None) -> tuple[str, str]:
        """Return who found something, for people, and the check that agreed."""
        if rule is None:
            return detector, ""
        return (f"rule {rule}" if detector == RULES else f"{detector} {rule}"), self._checks.get(rule, "")


def visible(text: str) -> str:
    """Return `text` with control characters, and those that turn the reading direction, as something to see."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in "\n\t" or char.isprintable():
        return char
    if ord(char) < ord(" "):
        return chr(_CONTROL_PICTURES + ord(char))
    if ord(char) == _DELETE:
        return _DELETE_PICTURE
    return char if unicodedata.category(char) == "Zs" else f"\\u{ord(char):04x}"


def _code_points(text: bytes, edges: Iterable[int]) -> dict[int, int]:
    """Return how many code points begin before each of `edges` (bytes)."""
    points, done, count = {}, 0, 0
    for edge in sorted(edges):
        count += len(text[done:edge].translate(None, _CONTINUATION))
        points[edge], done = count, edge
    return points


def _paths(text: bytes, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the path of each of `findings`, which rise."""
    tokens = format_of(text).tokens(text, _merged(findings)) if findings else iter(())
    token = next(tokens, None)
    for finding in findings:
        while token is not None and token.end <= finding.start:
            token = next(tokens, None)
        yield token.path if token is not None else ""


def _merged(findings: Iterable[Finding]) -> list[tuple[int, int]]:
    """Return what `findings`, which rise, cover together."""
    covered: list[tuple[int, int]] = []
    for finding in findings:
        if covered and finding.start <= covered[-1][1]:
            covered[-1] = covered[-1][0], max(covered[-1][1], finding.end)
        else:
            covered.append((finding.start, finding.end))
    return covered


def _place(found: Found | Finding) -> tuple[int, int]:
    return found.start, found.end
