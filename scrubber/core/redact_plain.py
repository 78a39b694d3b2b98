"""The short way to redact. Most texts with a finding are plain: ASCII, no escape of JSON, no placeholder of ours,
findings that lie apart, a policy that looks at nothing but labels. Then there is nothing to weigh: the output is that
of `redact`, at half of what it costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scrubber.core.formats import FORMATS, JSON, Format, Kind, Token
from scrubber.core.plain import is_plain, splice
from scrubber.core.policy import Policy
from scrubber.core.spans import Finding, Redaction, Span

assert [known for known in FORMATS if known.structured] == [JSON], "Another format has structure. This is a bug."

_new = tuple.__new__  # makes a NamedTuple in a third of the time


class Redacted(NamedTuple):
    """The output, what was done, and where in the output (bytes) lies what was put there or kept on purpose."""

    text: bytes
    layout: Format
    redactions: list[Redaction]
    placed: list[tuple[int, int]]


def spans_plain(text: bytes, findings: Sequence[Finding], policy: Policy, place: str) -> list[Span] | None:
    """Return what `redact` would cover of `findings`; None where it would have to look closer.

    Nobody asks for the names of fields here, so of a text's format it only matters whether it is JSON: no other has
    structure.
    """
    placeholders = policy.placeholders
    is_json = JSON.fits(text)
    if placeholders is None or place or not is_plain(text, findings, is_json):
        return None
    counted: list[Finding] = []
    for finding in findings:
        threshold, replacement = placeholders[finding[2]]
        if finding[3] >= threshold:
            counted.append(finding)
            if replacement is None:
                return None
    if is_json and not _are_inside(JSON.tokens(text, [finding[:2] for finding in counted]), counted):
        return None
    return [_new(Span, finding[:6]) for finding in counted]


def redact_plain(
    text: bytes, layout: Format, findings: Sequence[Finding], policy: Policy, place: str
) -> Redacted | None:
    """Cover `findings` as `redact` does; None where that has to look closer."""
    placeholders, structured = policy.placeholders, layout.structured
    if placeholders is None or place or not is_plain(text, findings, structured):
        return None
    tokens = layout.tokens(text, [finding[:2] for finding in findings])
    spliced = splice(text, findings, tokens, placeholders, Kind.STRING if structured else None)
    if spliced is None:
        return None
    output, redactions, placed = spliced
    return _new(Redacted, (output, layout, redactions, placed))


def _are_inside(tokens: Iterable[Token], rising: Sequence[Finding]) -> bool:
    """Whether each finding lies within one string or key."""
    rest = iter(tokens)
    start = end = -1
    for finding in rising:
        while end <= finding[0]:
            token = next(rest, None)
            if token is None or token[3] is Kind.BARE:
                return False
            start, end, _, _ = token
        if finding[0] < start or finding[1] > end:
            return False
    return True
