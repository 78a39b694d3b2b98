"""The steps that every text with a finding takes, as Python takes them. `_plain_steps.c` has the same, compiled, at a
fraction of the cost; `plain.py` takes those where there are any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from scrubber.core.actions import Replace
from scrubber.core.formats import Kind, Token
from scrubber.core.spans import Finding, Redaction, Told

_new = tuple.__new__  # makes a NamedTuple in a third of the time
_APART = 2  # bytes: what lies nearer may be one name in two words

_PLACEHOLDER = re.compile(rb"<[A-Z]")
_STARS = bytes(ord("*") if char >= 0x80 or chr(char).isalnum() or char == ord("_") else char for char in range(256))

Spliced = tuple[bytes, list[Redaction], list[tuple[int, int]]]
"""The output, what was done, and where in the output (bytes) lies what was put there."""


def is_plain(text: bytes, findings: Sequence[Finding], structured: bool) -> bool:  # noqa: FBT001 - C takes no names
    """Whether `findings` come rising and apart, in a text in which bytes are characters."""
    if not text.isascii() or (structured and b"\\" in text) or (b"<" in text and _PLACEHOLDER.search(text)):
        return False
    before = -_APART
    for finding in findings:
        if finding[0] < before + _APART:
            return False
        before = finding[1]
    return True


def splice(
    text: bytes,
    findings: Sequence[Finding],
    tokens: Iterator[Token],
    placeholders: Mapping[str, tuple[float, bytes | None]],
    only_kind: Kind | None,
) -> Spliced | None:
    """Replace `findings`, which rise and lie apart, by the placeholder of their label, where their score is not below
    its threshold.

    None where nothing is replaced, and where one needs a closer look: it has no placeholder, no token, or, if there is
    an `only_kind`, is not inside one token of that kind.
    """
    token_start = token_end = -1
    parts: list[bytes] = []
    redactions: list[Redaction] = []
    placed: list[tuple[int, int]] = []
    done = longer = 0  # how much longer the output is than the text, so far
    for start, end, label, score, detector, rule, _ in findings:
        threshold, replacement = placeholders[label]
        if score < threshold:
            continue
        while token_end <= start:
            token = next(tokens, None)
            if token is None:
                return None
            token_start, token_end, path, kind = token
        if replacement is None or (only_kind and (kind is not only_kind or start < token_start or end > token_end)):
            return None
        out_start = start + longer
        out_end = out_start + len(replacement)
        parts += (text[done:start], replacement)
        done, longer = end, out_end - end
        placed.append((out_start, out_end))
        redactions.append(
            _new(Redaction, (path, label, start, end, out_start, out_end, score, detector, rule, Replace.name))
        )
    if not parts:
        return None
    parts.append(text[done:])
    return b"".join(parts), redactions, placed


def starred(text: bytes, placed: Sequence[tuple[int, int]]) -> bytes:
    """Return `text` with stars for the letters, digits and underscores in what was `placed` there (bytes)."""
    parts: list[bytes] = []
    done = 0
    for start, end in placed:
        parts += text[done:start], text[start:end].translate(_STARS)
        done = end
    parts.append(text[done:])
    return b"".join(parts)


class Rule(Protocol):
    """What found something, and what is told of it behind its place; None where its key alone proves it."""

    @property
    def told(self) -> Told | None: ...  # noqa: D102


def findings_of(hits: Sequence[tuple[int, int, Rule]]) -> list[Finding] | None:
    """Return a finding for each of the `hits`; None where what a key proves is among them: it may reach further."""
    found: list[Finding] = []
    for start, end, rule in hits:
        if rule.told is None:
            return None
        found.append(_new(Finding, (start, end, *rule.told)))
    return found
