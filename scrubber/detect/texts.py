"""Texts in, clean texts out: the pipeline without records. Everything that scrubs goes through `TextPipeline.run`.

Rule 1: a text leaves as it came only if every detector has read it and the policy accepts nothing of what they found.
Rule 2: what cannot be read, or cannot be shown to be clean, gets a reason and no text; nothing is skipped.
Rule 3: a detector that fails stops the batch: `DetectorError` goes to the caller. So does a text that none has read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from scrubber.core.actions import Numbering
from scrubber.core.formats import JSON, format_of
from scrubber.core.plain import starred
from scrubber.core.policy import Policy
from scrubber.core.redact import accepted, redact, spans
from scrubber.core.redact_plain import Redacted
from scrubber.core.spans import Finding, Redaction, Span
from scrubber.core.views import Views
from scrubber.detect.detector import Description, Detector
from scrubber.detect.fields import Unreadable, find_by_model, find_masked, read_fields
from scrubber.detect.findings import WORD, Findings, find_by_rules, find_denied
from scrubber.detect.parts import Part, Parts
from scrubber.detect.rules.rule import RULES
from scrubber.detect.rules.tier import RuleTier
from scrubber.detect.stopwatch import StopWatch
from scrubber.errors import DetectorFailed, Reason, RecordError
from scrubber.telemetry import TextsScrubbed

_COUNTED = itemgetter(*map(Redaction._fields.index, ("label", "detector", "action")))

Results = dict[int, Redacted | Reason]
"""What became of the texts that may not leave as they are, by index."""

Answers = dict[int, list[Span] | Reason]
"""What was found in texts, or why they cannot be read, by index."""


class TextPipeline:
    """Rules first, then each of the `detectors`, over whole batches of texts.

    `observe` hears of every batch; it must neither raise nor block.
    """

    def __init__(
        self,
        rules: RuleTier,
        detectors: Sequence[Detector] = (),
        observe: Callable[[TextsScrubbed], None] | None = None,
    ) -> None:
        self._rules = rules
        self._detectors = tuple(detectors)
        self._observe = observe

    def run(self, parts: Parts) -> Results:
        """Scrub `parts`; those without an entry in the answer leave untouched. Raises DetectorError."""
        watch = StopWatch()
        parts, findings, unreadable, unscanned = self._read(parts, watch)
        results: Results = dict(unreadable)
        texts = parts.texts
        numberings: defaultdict[int, Numbering] = defaultdict(Numbering)
        for index, found in findings.items():
            if index not in unreadable:
                text, numbering = texts[index], numberings[parts.records[index]]
                try:
                    result = redact(
                        text, format_of(text), found, parts.policies[index], numbering, place=parts.places[index]
                    )
                except RecordError as error:
                    results[index] = error.reason
                    continue
                if result is not None:
                    results[index] = result
        watch.lap("redact")
        self._verify(parts, results)
        watch.lap("verify")
        self._tell(parts, results, unscanned, watch)
        return results

    def find(self, parts: Parts) -> Answers:
        """Return what `run` would act on in `parts`. No text comes of it, so none is verified. Raises DetectorError."""
        watch = StopWatch()
        parts, findings, unreadable, unscanned = self._read(parts, watch)
        answers: Answers = dict(unreadable)
        for index, found in findings.items():
            if index not in unreadable:
                answers[index] = _spans(parts[index], found)
        self._tell(parts, dict(unreadable), unscanned, watch)
        return answers

    def describe(self) -> list[Description]:
        """What answers, rules first."""
        rules = Description(RULES, str(len(self._rules.rules)), self._rules.digest)
        return [rules, *(detector.describe() for detector in self._detectors)]

    def _read(self, parts: Parts, watch: StopWatch) -> _Read:
        unreadable: Unreadable = dict.fromkeys(_undecodable(parts.texts), Reason.UNDECODABLE)
        if unreadable:
            parts = parts.without(unreadable)
        views = Views(parts.texts, JSON.fits)
        unreadable.update(dict.fromkeys(views.too_deep, Reason.TOO_DEEP))
        findings = self._find(parts, views, unreadable, watch)
        return _Read(parts, findings, unreadable, sum(len(parts.texts[index].decode()) for index in views.unscanned()))

    def _tell(self, parts: Parts, results: Results, unscanned: int, watch: StopWatch) -> None:
        if self._observe is not None:
            self._observe(_told(parts, results, unscanned, watch))
        if unscanned:
            raise DetectorFailed("No rule has read some of the text. This is a bug.")

    def _find(self, parts: Parts, views: Views, unreadable: Unreadable, watch: StopWatch) -> Findings:
        findings = find_by_rules(views, self._rules)
        policies = set(parts.policies)
        if any(policy.has_deny_list for policy in policies):
            _join(findings, find_denied(views, parts.policies))
        if any(policy.has_field_rules for policy in policies):
            _join(findings, find_masked(parts, unreadable))
        watch.lap("rules")
        if self._detectors:
            fields = read_fields(parts, findings, unreadable)  # each reads what the others read
            for detector in self._detectors:
                _join(findings, find_by_model(fields, detector))
        watch.lap("model")
        return findings

    def _verify(self, parts: Parts, results: Results) -> None:
        """Scan every output again: what the rules still find outside of our own replacements must not leave."""
        changed = {index: result for index, result in results.items() if type(result) is Redacted}
        # Stars for what we put there: `<PASSWORD>` must not be the key of what follows it.
        views = Views([starred(result.text, result.placed) for result in changed.values()], JSON.fits)
        residual = find_by_rules(views, self._rules, starred=True)
        for place, (index, result) in enumerate(changed.items()):
            if not _is_clean(parts.policies[index], parts.places[index], result, residual.get(place, [])):
                results[index] = Reason.RESIDUAL


class _Read(NamedTuple):
    """What the detectors said of some texts: findings, and a reason for each text that they cannot read (which is
    empty among the `parts`); characters that no rule has read.
    """

    parts: Parts
    findings: Findings
    unreadable: Unreadable
    unscanned: int


def _told(parts: Parts, results: Results, unscanned: int, watch: StopWatch) -> TextsScrubbed:
    redacted = [result.redactions for result in results.values() if isinstance(result, Redacted)]
    return TextsScrubbed(
        texts=len(parts),
        unscanned=unscanned,
        residual=sum(result is Reason.RESIDUAL for result in results.values()),
        redactions=tuple(Counter(map(_COUNTED, chain.from_iterable(redacted))).items()),
        **{f"{stage}_secs": watch.secs[stage] for stage in ("rules", "model", "redact", "verify")},
    )


def _undecodable(texts: Sequence[bytes]) -> list[int]:
    """Return the texts that are not UTF-8. Text that is full of NULs is none: it is UTF-16, or binary."""
    joined = b"\n".join(texts)
    odd: Iterable[int] = range(len(texts))
    if b"\0" not in joined:  # mostly all of them are ASCII
        odd = () if joined.isascii() else [index for index, text in enumerate(texts) if not text.isascii()]
    return [index for index in odd if not _is_text(texts[index])]


def _is_text(text: bytes) -> bool:
    if text.count(0) * 4 > len(text):
        return False
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _spans(part: Part, findings: Sequence[Finding]) -> list[Span] | Reason:
    try:
        return spans(part.text, findings, part.policy, part.place)
    except RecordError as error:
        return error.reason


def _is_clean(policy: Policy, place: str, result: Redacted, residual: Sequence[Finding]) -> bool:
    if result.layout.structured and not result.layout.fits(result.text):
        return False
    if not residual:
        return True
    ends = [end for _, end in result.placed]
    outside = [finding for finding in residual if not _is_ours(result, ends, finding)]
    try:
        return not accepted(result.text, result.layout, outside, policy, place)
    except RecordError:  # it must not go on, whatever it is
        return False


def _is_ours(result: Redacted, ends: Sequence[int], finding: Finding) -> bool:
    """Whether `finding` is made of what we put there (`ends`: of `result.placed`).

    Nothing but punctuation of it lies outside; or it holds what a model had us put there. Where a model is wrong in the
    middle of a line, the rules read the rest in a new way ("invalid user ann" as "invalid <USER_NAME> ann"). They have
    read all of it as it was, and what they found then is gone.
    """
    rest, position = [], finding.start
    for index in range(bisect_right(ends, finding.start), len(ends)):
        start, end = result.placed[index]
        if start >= finding.end:
            break
        if result.redactions[index].rule is None:
            return True
        rest.append(result.text[position:start])
        position = end
    rest.append(result.text[position : finding.end])
    return not any(map(WORD.search, rest))


def _join(findings: Findings, more: Mapping[int, list[Finding]]) -> None:
    for index, found in more.items():
        findings.setdefault(index, []).extend(found)
