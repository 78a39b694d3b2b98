"""The playground: what a draft of a policy makes of a text.

The answer is the engine's own, audit event included. Rule 1: a text lives as long as its request; nothing here keeps or
logs it. Rule 2: one text at a time, because detectors and rules are for one thread at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
import orjson

from scrubber.cli.console.drafts import ACTIONS, KEYED, Base, Draft, as_yaml, compiled
from scrubber.cli.explanations import Explainer, Explanation, Found, visible
from scrubber.cli.wiring import single_policy_engine
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.labels import LABELS
from scrubber.core.policy import Policy
from scrubber.core.records import Chunk, Clean, Quarantined, Record
from scrubber.detect.detector import Detector
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.rule import Rule
from scrubber.errors import ConfigError, Problem

SOURCE = "playground"  # what audit events name as the topic
MAX_TEXT = 65_536
RULES_ONLY = "rules only"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text, the draft of a policy, and the name of a model."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
    draft: Draft = Draft()
    model: str = RULES_ONLY

    def __repr__(self) -> str:
        """Size, never content."""
        return f"Question({len(self.text)} characters)"


class Playground:
    """Answers questions; threads may share it.

    Args:
        bases: policies to start from; the first is shown at the beginning.
        rules: of the engine.
        models: name -> what finds things without a shape, beside the rules.
        keys: for the actions that need one.

    Raises ConfigError for rules that are wrong.
    """

    def __init__(
        self,
        bases: Sequence[Base],
        rules: tuple[Rule, ...],
        models: Mapping[str, Detector],
        keys: KeyRing = NO_KEYS,
    ) -> None:
        self._bases = {base.name: base for base in bases}
        self._rules = rules
        self._models = dict(models)
        self._keys = keys
        self._turn = threading.Lock()
        ready_tier(rules)  # compiled and tested now: the first question does not wait for it, and mistakes are told

    def setup(self) -> dict[str, Any]:
        """What the page needs to know before the first question."""
        bases = [self._described(base) for base in self._bases.values()]
        own = {name for base in bases for name in base["labels"]} - set(LABELS)
        return {
            "bases": bases,
            "models": [*self._models, RULES_ONLY],
            "labels": [
                *({"name": label.name, "meaning": label.meaning} for label in LABELS.values()),
                *({"name": name, "meaning": "a label of your own"} for name in sorted(own)),
            ],
            "actions": [name for name in ACTIONS if self._keys or name not in KEYED],
            "rules": len(self._rules),
            "max_text": MAX_TEXT,
        }

    def answer(self, question: Question) -> dict[str, Any]:
        """Return what becomes of the text. Raises ConfigError for a draft that is wrong, DetectorError."""
        base = self._base(question.draft)
        policy = compiled(base, question.draft, self._keys)
        with self._turn:
            began = time.perf_counter()
            explanation, outcome = self._ask(question, policy)
            seconds = time.perf_counter() - began
        event = outcome.envelope if isinstance(outcome, Quarantined) else outcome.audit
        parsed = orjson.loads(event) if event is not None else None
        return {
            "reason": explanation.reason,
            "found": [found._asdict() for found in explanation.found],
            "pieces": list(_pieces(explanation)),
            "clean": explanation.clean,
            "clean_pieces": list(_clean_pieces(explanation.clean, parsed)),
            "event": parsed,
            "policy": {"name": policy.name, "digest": policy.digest},
            "yaml": as_yaml(base, question.draft),
            "own": base.own,
            "millis": round(seconds * 1000, 2),
        }

    def _ask(self, question: Question, policy: Policy) -> tuple[Explanation, Clean | Quarantined]:
        if question.model not in {*self._models, RULES_ONLY}:
            raise ConfigError([Problem("model", "no model of this name is open here")])
        detectors = [self._models[question.model]] if question.model in self._models else []
        engine = single_policy_engine(policy, detectors, rules=self._rules, keys=self._keys)
        text = question.text.encode()
        record = Record(SOURCE, 0, 0, -1, None, text, None)
        (outcome,) = engine.scrub(Chunk([record])).outcomes
        whole = outcome if isinstance(outcome, Quarantined) else outcome.clean(record)
        return Explainer(engine.scrub, policy, self._rules).explain(text), whole

    def _base(self, draft: Draft) -> Base:
        if draft.base not in self._bases:
            raise ConfigError([Problem("base", "no policy of this name is offered here")])
        return self._bases[draft.base]

    def _described(self, base: Base) -> dict[str, Any]:
        """Return a base with what each label has in it; a label that is not named is off."""
        policy = compiled(base, Draft(base=base.name), self._keys)
        plan, defaults = policy.plan(), base.defaults()
        return {
            "name": base.name,
            "own": base.own,
            "description": base.description(),
            "threshold": defaults["threshold"],
            "action": _action_name(defaults["action"]),
            "labels": {
                name: {"threshold": threshold, "action": policy.action(name, "").name}
                for name, threshold in zip(plan.labels, plan.thresholds, strict=True)
            },
        }


def _action_name(action: str | Mapping[str, Any]) -> str:
    """Return what the page calls an action; one with options that it has no name for goes by its type."""
    for name, spec in ACTIONS.items():
        if spec == action:
            return name
    return str(action["type"]) if isinstance(action, Mapping) else action


def _pieces(explanation: Explanation) -> Iterator[tuple[str, int | None]]:
    """Yield the text in pieces, each with the index of the finding that covers it, also of one left alone."""
    done = 0
    for index, found in enumerate(explanation.found):
        if found.start >= done and _stands_alone(explanation.found, index):
            yield visible(explanation.text[done : found.start]), None
            yield visible(explanation.text[found.start : found.end]), index
            done = found.end
    yield visible(explanation.text[done:]), None


def _stands_alone(found: Sequence[Found], index: int) -> bool:
    """What was left alone gives way to what was acted on."""
    this = found[index]
    return bool(this.action) or not any(it.action and it.start < this.end and this.start < it.end for it in found)


def _clean_pieces(clean: str, event: Mapping[str, Any] | None) -> Iterator[tuple[str, str | None]]:
    """Yield the output in pieces, each with the label of what stood there."""
    done = 0
    for redaction in (event or {}).get("redactions", ()):
        yield visible(clean[done : redaction["out_start"]]), None
        yield visible(clean[redaction["out_start"] : redaction["out_end"]]), redaction["label"]
        done = redaction["out_end"]
    yield visible(clean[done:]), None
