"""Arbitration: many findings, overlapping as they like, become pieces that do not overlap.

Rule 1: every byte of every finding is in a piece. Nothing is ever dropped in favour of something else.
Rule 2: a piece that several findings share is named by the one of the highest `Rank`, then score, then length.
Rule 3: a first and a last name with one space between them are one piece, named by the first; so is either behind a
user name, of which a rule may have taken the first word only ("User: Ada Lovelace").
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import lt
from typing import NamedTuple

from scrubber.core.spans import Finding

_NAMES = frozenset({"first_name", "last_name", "user_name"})


class Piece(NamedTuple):
    """Bytes to cover, half-open, and the index of the finding that names them."""

    start: int
    end: int
    winner: int


def cover(text: bytes, findings: Sequence[Finding]) -> list[Piece]:
    """Return the pieces of `text` that `findings` cover, by start. Findings that only touch stay apart."""
    order: Sequence[int] = range(len(findings))
    starts, ends = [finding.start for finding in findings], [finding.end for finding in findings]
    if any(map(lt, starts[1:], ends)):  # mostly they come in order and apart
        order = sorted(order, key=lambda index: _position(findings[index]))
    pieces: list[Piece] = []
    for index in order:
        finding = findings[index]
        if pieces:
            start, end, winner = pieces[-1]
            if finding.start < end:
                winner = max(winner, index, key=lambda index: _precedence(findings[index]))
                pieces[-1] = Piece(start, max(end, finding.end), winner)
                continue
            if _is_full_name(findings[winner], finding) and text[end : finding.start] == b" ":
                pieces[-1] = Piece(start, finding.end, winner)
                continue
        pieces.append(Piece(finding.start, finding.end, index))
    return pieces


def _position(finding: Finding) -> tuple[int, int, str, str, str]:
    return finding.start, finding.end, finding.label, finding.detector, finding.rule or ""


def _precedence(finding: Finding) -> tuple[int, float, int]:
    return finding.rank, finding.score, finding.end - finding.start


def _is_full_name(first: Finding, second: Finding) -> bool:
    return first.label in _NAMES and second.label in _NAMES and first.label != second.label
