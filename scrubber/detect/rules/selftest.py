"""A rule's examples are its test, and they travel with it: run when the rule is loaded, built in or the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scrubber.detect.rules.rule import Rule
from scrubber.errors import Problem

if TYPE_CHECKING:
    from scrubber.detect.rules.tier import RuleHit

_REPEAT = re.compile(r"\{([^{}\s*]+)\*(\d{1,3})\}")


def expand(example: str) -> str:
    """Write `{ab*3}` out as ababab: a made-up secret in this form is not taken for a leaked one by those who look
    for them.
    """
    return _REPEAT.sub(lambda match: match[1] * int(match[2]), example)


def marked(example: str) -> tuple[bytes, set[tuple[int, int]]]:
    """The text of an example and the byte offsets of the values between « and »."""
    text, values = b"", set()
    for index, piece in enumerate(re.split("[«»]", expand(example))):
        raw = piece.encode()
        if index % 2:
            values.add((len(text), len(text) + len(raw)))
        text += raw
    return text, values


def failures(rules: Sequence[Rule], find: Callable[[Sequence[bytes]], list[list[RuleHit]]]) -> list[Problem]:
    """Which examples the rules miss and which counter-examples they hit. Messages give numbers, not texts."""
    cases = [(rule, index, example) for rule in rules for index, example in enumerate(rule.examples)]
    counters = [(rule, index, example) for rule in rules for index, example in enumerate(rule.counter_examples)]
    texts = [marked(example) for _, _, example in cases]
    problems = []
    for (rule, index, _), (_, wanted), hits in zip(cases, texts, find([text for text, _ in texts]), strict=True):
        found = {(hit.start, hit.end) for hit in hits if hit.rule is rule}
        if found != wanted or not wanted:
            problems.append(
                Problem(
                    f"rules.{rule.id}.examples[{index}]",
                    f"{len(found & wanted)} of {len(wanted)} marked values found, {len(found - wanted)} others",
                )
            )
    for (rule, index, _), hits in zip(
        counters, find([expand(example).encode() for _, _, example in counters]), strict=True
    ):
        if any(hit.rule is rule for hit in hits):
            problems.append(Problem(f"rules.{rule.id}.counter_examples[{index}]", "the rule hits it"))
    return problems
