"""Redaction: a text and what was found in it become the text that may go on.

Rule 1: every byte of every finding that the policy accepts is covered, but for structure: the quotes and commas of a
JSON document hold nothing of anybody, and without them it would break.
Rule 2: every other byte of the output is a byte of the input.
Rule 3: a text of a structured format stays well-formed: what replaces a number gets quotes, what goes into a string is
escaped.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter, lt
from typing import NamedTuple

import orjson

from scrubber.core.actions import Action, Numbering
from scrubber.core.arbitrate import cover
from scrubber.core.formats import Format, Kind, Token, format_of
from scrubber.core.labels import DENIED, LABELS, MASKED_FIELD
from scrubber.core.policy import Policy
from scrubber.core.redact_plain import Redacted, redact_plain, spans_plain
from scrubber.core.spans import Finding, Rank, Redaction, Span
from scrubber.core.views import Decoded
from scrubber.errors import Reason, RecordError

_ESCAPED = (Kind.STRING, Kind.KEY)  # no set: it would hash, which an Enum does in Python
_LONGEST_ESCAPE = 6
_PLACEHOLDER = re.compile(rb"<([A-Z][A-Z0-9_]{0,62}?)(?:_\d{1,3})?>")
_PLACEHOLDER_BYTES = 80
_NO_WORD = bytes(byte for byte in range(128) if not (chr(byte).isalnum() or byte == ord("_")))
_ELEMENT_ENDS = re.compile(rb"[\s\"'\]>]{0,40}</")
_new = tuple.__new__  # makes a NamedTuple in a third of the time
_position = itemgetter(0, 1)
_PLACEHOLDER_NAMES = frozenset(name.upper().encode() for name in (*LABELS, DENIED, MASKED_FIELD, "dropped"))

_Edit = tuple[int, int, "Claim"]


class Claim(NamedTuple):
    """An accepted finding, or the part of it that lies in one token of a structured text, and what is to be done.

    `path` is that of the token within its record.
    """

    finding: Finding
    token: Token
    action: Action
    path: str


def redact(
    text: bytes, layout: Format, findings: Sequence[Finding], policy: Policy, numbering: Numbering, *, place: str = ""
) -> Redacted | None:
    """Cover `findings` (bytes of `text`) as `policy` says; None where it accepts none of them.

    `place` is the path of the text itself within its record. Raises RecordError where the record must not go on.
    """
    short = redact_plain(text, layout, findings, policy, place)
    if short is not None:
        return short
    rising = _rising(findings)
    if rising is not findings:
        short = redact_plain(text, layout, rising, policy, place)
        if short is not None:
            return short
    claims = accepted(text, layout, rising, policy, place)
    if not claims:
        return None
    done = _splice(text, layout, _edits(text, claims), numbering)
    if Kind.KEY in [claim.token.kind for claim in claims]:
        return done._replace(redactions=list(_renamed(done, place)))
    return done


def spans(text: bytes, findings: Sequence[Finding], policy: Policy, place: str = "") -> list[Span]:
    """Return what `redact` would act on, in code points of `text`. Raises as `redact` does."""
    rising = _rising(findings)
    short = spans_plain(text, rising, policy, place)
    if short is not None:
        return short
    layout = format_of(text)
    found: list[Span] = []
    done = read = 0
    count = len if text.isascii() else _code_points
    for start, end, claim in _edits(text, accepted(text, layout, rising, policy, place)):
        _, _, label, score, detector, rule, _ = claim.finding
        read += count(text[done:start])
        read_end = read + count(text[start:end])
        found.append(Span(read, read_end, label, score, detector, rule))
        done, read = end, read_end
    return found


def accepted(text: bytes, layout: Format, findings: Sequence[Finding], policy: Policy, place: str = "") -> list[Claim]:
    """Return what `policy` accepts of `findings`, moved into the tokens of `text`. Raises as `redact` does."""
    rising = _rising(findings)
    tokens = list(layout.tokens(text, [finding[:2] for finding in rising]))
    source = _source(text, policy, place)
    structured = layout.structured
    claims: list[Claim] = []
    first = 0
    for finding in rising:
        while first < len(tokens) and tokens[first].end <= finding.start:
            first += 1
        for index in range(first, len(tokens)):
            token = tokens[index]
            if token.start >= finding.end:
                break
            claim = _claim(source, _clip(finding, token) if structured else finding, token)
            if claim is not None:
                claims.append(claim)
            if not structured:
                break
    return claims


def _rising(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Return findings by start, each once: where a text has escapes, the same is often found in it with and without."""
    starts = [finding[0] for finding in findings]
    if all(map(lt, starts, starts[1:])):  # mostly they come so
        return findings
    return sorted(dict.fromkeys(findings), key=_position)


class _Source(NamedTuple):
    """A text, what need not be looked for in it again for every finding, and by what it is judged.

    `plain`: ASCII without escapes or placeholders, so a finding lies where it was found.
    """

    text: bytes
    plain: bool
    policy: Policy
    place: str


def _source(text: bytes, policy: Policy, place: str) -> _Source:
    plain = text.isascii() and b"\\" not in text and b"<" not in text
    return _new(_Source, (text, plain, policy, place))


def _clip(finding: Finding, token: Token) -> Finding:
    if token.kind is Kind.BARE:
        return _moved(finding, token.start, token.end)
    if token.start <= finding.start and finding.end <= token.end:
        return finding
    return _moved(finding, max(finding.start, token.start), min(finding.end, token.end))


def _claim(source: _Source, finding: Finding, token: Token) -> Claim | None:
    text, plain, policy, place = source
    start, end, label, _, _, _, rank = finding
    if not plain:
        start, end = _whole_characters(text, start, end)
        if token.kind in _ESCAPED:
            start, end = _escape_around(text, start, token)[0], _escape_around(text, end, token)[1]
        if _inside_placeholder(text, start, end):
            return None
    path = join_path(place, token.path) if place else token.path
    if policy.has_field_rules and rank is not Rank.POLICY:
        rule = policy.field_rule(path)
        if rule is not None and rule.treatment == "never_scan":
            return None
    if not policy.accepts(finding, _readable(text[start:end], token.kind) if policy.has_allow_list else "", path):
        return None
    action = policy.action(label, path)
    scope = action.scope
    if scope == "record":
        raise RecordError(Reason.POLICY_DROP)
    if scope == "field":
        start, end = token.start, token.end
    return _new(Claim, (_moved(finding, start, end), token, action, path))


def _moved(finding: Finding, start: int, end: int) -> Finding:
    if start == finding.start and end == finding.end:
        return finding
    return finding._replace(start=start, end=end)


def _edits(text: bytes, claims: Sequence[Claim]) -> list[_Edit]:
    """Return what to cover, and what is kept outside of that, by start; each piece with the claim that names it."""
    if len(claims) == 1:  # most texts with a finding have one
        start, end, *_ = claims[0].finding
        return [(start, end, claims[0])]
    masked = [claim for claim in claims if claim.action.name != "keep"]
    pieces = cover(text, [claim.finding for claim in masked])
    edits = [(start, end, masked[winner]) for start, end, winner in pieces]
    if len(masked) < len(claims):
        ends = [piece.end for piece in pieces]
        kept = [claim for claim in claims if claim.action.name == "keep"]
        for piece in cover(text, [claim.finding for claim in kept]):
            following = bisect_right(ends, piece.start)
            if following == len(pieces) or pieces[following].start >= piece.end:
                edits.append((piece.start, piece.end, kept[piece.winner]))
        edits.sort(key=_position)
    return edits


def _splice(text: bytes, layout: Format, edits: Sequence[_Edit], numbering: Numbering) -> Redacted:
    """Put the replacements in. Counts code points from one edit to the next: linear, however many there are."""
    parts: list[bytes] = []
    redactions: list[Redaction] = []
    placed: list[tuple[int, int]] = []
    done = read = written = written_bytes = 0
    count = len if text.isascii() else _code_points
    for start, end, (finding, (_, _, _, kind), action, path) in edits:
        _, _, label, score, detector, rule, _ = finding
        name, covered, gap = action.name, text[start:end], text[done:start]
        if name == "keep":
            replacement = covered
        else:
            replacement = _written(action.render(_readable(covered, kind), label, numbering), kind)
        parts += (gap, replacement)
        kept = count(gap)
        read += kept
        written += kept
        written_bytes += len(gap)
        read_end, written_end = read + count(covered), written + _code_points(replacement)
        redactions.append(
            _new(Redaction, (path, label, read, read_end, written, written_end, score, detector, rule, name))
        )
        done, read, written = end, read_end, written_end
        placed_at, written_bytes = written_bytes, written_bytes + len(replacement)
        placed.append((placed_at, written_bytes))
    parts.append(text[done:])
    return Redacted(b"".join(parts), layout, redactions, placed)


def _written(replacement: str, kind: Kind) -> bytes:
    """Return `replacement` as it may stand in a token of `kind`."""
    if kind in _ESCAPED:
        return orjson.dumps(replacement)[1:-1]
    return orjson.dumps(replacement) if kind is Kind.BARE else replacement.encode()


def _renamed(done: Redacted, place: str) -> Iterator[Redaction]:
    """Yield the redactions with paths taken from the output: a key that was redacted must not stand in them."""
    tokens = list(done.layout.tokens(done.text, done.placed))
    ends = [token.end for token in tokens]
    for redaction, (start, _) in zip(done.redactions, done.placed, strict=True):
        index = bisect_right(ends, start)  # past the last token where the replacement is empty
        yield redaction._replace(path=join_path(place, tokens[index].path if index < len(tokens) else ""))


def _readable(value: bytes, kind: Kind) -> str:
    """Return what stands there, for allow-lists and actions: equal values are equal however they are escaped."""
    if b"\\" in value and kind in _ESCAPED:
        value = Decoded([value], percents=False).texts[0]
    return value.decode()


def _whole_characters(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Rules read bytes, and may stop within a character."""
    while start and text[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end += 1
    return start, end


def _escape_around(text: bytes, position: int, token: Token) -> tuple[int, int]:
    """Return where the JSON escape begins and ends that `position` would cut in two, or `position` twice."""
    slash = text.rfind(b"\\", max(token.start, position - _LONGEST_ESCAPE + 1), position)
    first = slash
    while first > token.start and text[first - 1] == ord("\\"):
        first -= 1
    if slash < 0 or (slash - first) % 2:
        return position, position
    end = slash + (_LONGEST_ESCAPE if text[slash + 1] == ord("u") else 2)
    return (slash, end) if end > position else (position, position)


def follows_placeholder(text: bytes, start: int, end: int) -> bool:
    """Whether the key of `[start, end)` can only be a placeholder of ours: `<PASSWORD> for`, `"<PIN>"1234`, but no
    element of XML.
    """
    before = text[max(0, start - _PLACEHOLDER_BYTES) : start]
    opening = before.rfind(b"<", 0, len(before.rstrip(_NO_WORD)))
    match = _PLACEHOLDER.match(before, opening) if opening >= 0 else None
    if match is None or match[1] not in _PLACEHOLDER_NAMES or before[match.end() :].strip(_NO_WORD):
        return False
    return _ELEMENT_ENDS.match(text, end) is None


def _inside_placeholder(text: bytes, start: int, end: int) -> bool:
    """Whether a placeholder of ours, from an earlier pass, holds all of `[start, end)` but blanks at its ends."""
    end = start + len(text[start:end].rstrip())
    start = end - len(text[start:end].lstrip())
    opening = text.rfind(b"<", max(0, end - _PLACEHOLDER_BYTES), start + 1)
    if opening < 0:
        return False
    match = _PLACEHOLDER.match(text, opening)
    return match is not None and match.end() >= end and match[1] in _PLACEHOLDER_NAMES


def _code_points(text: bytes) -> int:
    return len(text) if text.isascii() else len(text.decode())


def join_path(place: str, path: str) -> str:
    """Return the path of a field within its record; `place` is that of the text which holds it."""
    return f"{place}.{path}" if place and path else place or path
