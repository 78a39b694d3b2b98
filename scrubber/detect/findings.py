"""Findings of a whole batch: a tier reads all texts at once and answers in bytes of the raw texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from scrubber.core.evidence import whole_value
from scrubber.core.named import NamedValue, named_values
from scrubber.core.plain import findings_of
from scrubber.core.policy import Policy
from scrubber.core.redact import follows_placeholder
from scrubber.core.spans import Finding, Rank, Span
from scrubber.core.views import Located, Views
from scrubber.detect.rules.tier import RuleHit, RuleTier

WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]")
"""What a value has and a row of stars has not."""

_new = tuple.__new__  # makes a NamedTuple in a third of the time

Findings = dict[int, list[Finding]]
"""Findings by the index of their raw text; texts without any have no entry."""


def find_by_rules(views: Views, rules: RuleTier, *, starred: bool = False) -> Findings:
    """Run all rules over all views, and over values whose name stands elsewhere. Raises DetectorFailed.

    `starred`: the texts are outputs, with stars for what we put there. A key before nothing else is found again, but
    says nothing of what stands behind.
    """
    hits = rules.scan(views.buffers)
    findings = _by_hits(views, hits.by_buffer, starred=starred)
    if hits.named and not starred:
        _find_named(findings, views, hits.named, rules)
    return findings


def _by_hits(views: Views, by_buffer: Mapping[int, list[RuleHit]], *, starred: bool = False) -> Findings:
    findings: Findings = {}
    moved: list[tuple[int, Finding]] = []
    for buffer, hits in by_buffer.items():
        level, place = views.origin(buffer)
        made = findings_of(hits)
        if made is not None:
            if level:
                moved += [(buffer, finding) for finding in made]
            else:
                findings[place] = made if place not in findings else findings[place] + made
            continue
        for start, end, rule in hits:
            if rule.told is None:
                text = views.buffers[buffer]
                if (starred and not WORD.search(text, start, end)) or follows_placeholder(text, start, end):
                    continue
                index, first, last = views.to_raw_widened(buffer, start, end, whole_value)
                findings.setdefault(index, []).append(Finding(first, last, *rule.tell()))
            elif level:
                moved.append((buffer, Finding(start, end, *rule.told)))
            else:
                findings.setdefault(place, []).append(Finding(start, end, *rule.told))
    _add(findings, views, moved)
    return findings


def _find_named(findings: Findings, views: Views, ways: Mapping[int, Sequence[int]], rules: RuleTier) -> None:
    """Run all rules over values whose name stands in a field of its own, with that name as their key."""
    named = [(buffer, value) for buffer, some in ways.items() for value in named_values(views.buffers[buffer], some)]
    if not named:
        return
    keys = [b'"' + value.name + (b'":"' if value.bare else b'":') for _, value in named]
    pairs = [key + _scalar(views.buffers[buffer], value) for key, (buffer, value) in zip(keys, named, strict=True)]
    views_of_pairs = Views(pairs, lambda _: False)
    for pair, found in _by_hits(views_of_pairs, rules.scan(views_of_pairs.buffers).by_buffer).items():
        buffer, value = named[pair]
        shift = value.start - len(keys[pair])
        for finding in found:
            if finding.start >= len(keys[pair]):
                place = finding.start + shift, min(finding.end + shift, value.end)
                # What has no quotes ends where the field does: a quote before it opens nothing.
                text, start, end = views.to_raw_widened(buffer, *place, _as_it_is if value.bare else whole_value)
                findings.setdefault(text, []).append(finding._replace(start=start, end=end))


def _as_it_is(_text: bytes, start: int, end: int) -> tuple[int, int]:
    return start, end


def _scalar(text: bytes, value: NamedValue) -> bytes:
    scalar = text[value.start : value.end]
    return scalar.replace(b'"', b"'") + b'"' if value.bare else scalar


def find_denied(views: Views, policies: Sequence[Policy]) -> Findings:
    """Run the deny-list of each raw text's policy over its views."""
    findings: Findings = {}
    moved = [
        (buffer, finding)
        for buffer, text in enumerate(views.buffers)
        for finding in _denied(text, policies[views.root(buffer)])
    ]
    _add(findings, views, moved)
    return findings


def in_bytes(text: str, spans: Sequence[Span], rank: Rank) -> Iterator[Finding]:
    """Yield `spans` (code points of `text`) in bytes of its UTF-8, counting from one to the next."""
    positions = sorted({position for span in spans for position in span[:2]})
    offsets, done, offset = {}, 0, 0
    for position in positions:
        offset += len(text[done:position].encode(errors="surrogateescape"))
        offsets[position], done = offset, position
    for span in spans:
        yield Finding(offsets[span.start], offsets[span.end], span.label, span.score, span.detector, span.rule, rank)


def _denied(text: bytes, policy: Policy) -> list[Finding]:
    if not policy.has_deny_list:
        return []
    readable = text.decode(errors="surrogateescape")  # a percent escape may stand for any byte
    return list(in_bytes(readable, policy.find_denied(readable), Rank.POLICY))


def _add(findings: Findings, views: Views, moved: Sequence[tuple[int, Finding]]) -> None:
    """Bring findings of buffers back to the raw texts, all at once, and add them to `findings`."""
    if not moved:
        return
    buffers, starts, ends = (
        np.array(column, np.int64)
        for column in zip(*((buffer, *finding[:2]) for buffer, finding in moved), strict=True)
    )
    raw = views.to_raw(Located(buffers, starts, ends))
    for (_, finding), text, *place in zip(moved, *(array.tolist() for array in raw), strict=True):
        findings.setdefault(text, []).append(_new(Finding, (*place, *finding[2:])))
