"""From a policy file's dict to a `Policy`: presets merged, patterns compiled, all that is wrong listed at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson
import re2

from scrubber.core.actions import build_action
from scrubber.core.globs import Globs
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.labels import DEFAULT_OFF, DENIED, LABELS, MASKED_FIELD, did_you_mean, is_label_name
from scrubber.core.levels import Level
from scrubber.core.policy import NEVER, Allowed, Denied, FieldRule, Labelling, Plan, Policy
from scrubber.core.policy_schema import AnyActionSpec, LabelSpec, PolicySpec, ScopeSpec, merge, parse
from scrubber.errors import ConfigError, Problem

_NO_LABEL = (MASKED_FIELD, DENIED)
_KEYED = ("hash", "encrypt", "surrogate")
_SCOPES_CACHED = 4096
_MAX_REGEX_BYTES = 64 * 1024 * 1024  # a deny-list of some ten thousand values


def compile_policy(
    document: Mapping[str, Any], keys: KeyRing = NO_KEYS, presets: Mapping[str, Mapping[str, Any]] | None = None
) -> Policy:
    """Return the policy that `document` describes.

    `keys` are for actions that need one, `presets` are what `extends` may name. Raises ConfigError with every problem.
    """
    presets = presets or {}
    spec = parse(document)
    problems = list(_extends_problems(spec, presets))
    if not problems:
        spec = _resolve(spec, presets)
    problems += _problems(spec, keys)
    if problems:
        raise ConfigError(problems)
    field_globs, field_rules = _field_rules(spec)
    return Policy(
        name=spec.name,
        version=spec.version,
        digest=_digest(spec),
        _plan=_plan(spec),
        _labelling=_labelling(spec, keys),
        _allowed=Allowed(
            values=frozenset(spec.allow.values),
            patterns=tuple(_regex(pattern) for pattern in spec.allow.patterns),
            fields=Globs(list(spec.allow.fields)),
            labels_by_field=tuple(None if names == "all" else frozenset(names) for names in spec.allow.fields.values()),
        ),
        _denied=tuple(_denied(spec)),
        _field_globs=field_globs,
        _field_rules=field_rules,
        _scopes=_Scoping(spec, keys).policy if spec.scopes else None,
        reads_levels=any(scope.when.levels for scope in spec.scopes),
    )


def _resolve(spec: PolicySpec, presets: Mapping[str, Mapping[str, Any]]) -> PolicySpec:
    return merge(_resolve(parse(presets[spec.extends]), presets), spec) if spec.extends is not None else spec


# --- what is wrong ---------------------------------------------------------------------------------------------------


def _extends_problems(spec: PolicySpec, presets: Iterable[str]) -> Iterator[Problem]:
    if spec.extends is not None and spec.extends not in presets:
        hint = did_you_mean(spec.extends, presets) or f"one of {', '.join(presets)}"
        yield Problem("extends", f"no preset is called {spec.extends!r}", hint)


def _problems(spec: PolicySpec, keys: KeyRing) -> Iterator[Problem]:
    known = {*LABELS, *spec.custom_labels, *_NO_LABEL}
    for index, name in enumerate(spec.custom_labels):
        if not is_label_name(name):
            yield Problem(f"custom_labels.{index}", f"{name!r} is not a label", "snake case: letters, digits and '_'")
    yield from _label_problems("labels", spec.labels, known)
    for glob, names in spec.allow.fields.items():
        for name in names if names != "all" else ():
            if name not in known:
                yield _unknown_label(f"allow.fields.{glob}", name, known)
    for place, labels in (("values", spec.deny.values), ("patterns", spec.deny.patterns), ("fields", spec.deny.fields)):
        for index, label in enumerate(labels.values()):
            if label not in known:
                yield _unknown_label(f"deny.{place}.{index}", label, known)
    for index, scope in enumerate(spec.scopes):
        yield from _label_problems(f"scopes.{index}.labels", scope.labels, known)
        if not scope.when.topics and not scope.when.levels:
            yield Problem(f"scopes.{index}.when", "no condition", "name topics or levels, or move it to the top level")
    if not keys:
        for path, action in _actions(spec):
            if action.type in _KEYED:
                yield Problem(path, f"{action.type} needs a key", "configure a key, or use replace or mask")
    for place, patterns in (("allow", spec.allow.patterns), ("deny", spec.deny.patterns)):
        for index, pattern in enumerate(patterns):
            yield from _pattern_problems(f"{place}.patterns.{index}", pattern)


def _label_problems(path: str, labels: Mapping[str, LabelSpec], known: Iterable[str]) -> Iterator[Problem]:
    for name, spec in labels.items():
        if name not in known:
            yield _unknown_label(f"{path}.{name}", name, known)
        elif name in _NO_LABEL and (spec.enabled is not None or spec.threshold is not None):
            yield Problem(f"{path}.{name}", "always counts", "only its action can be set")


def _unknown_label(path: str, name: str, known: Iterable[str]) -> Problem:
    return Problem(path, f"no label is called {name!r}", did_you_mean(name, known) or "declare it under custom_labels")


def _pattern_problems(path: str, pattern: str) -> Iterator[Problem]:
    try:
        regex = _regex(pattern)
    except re2.error as error:
        yield Problem(path, f"RE2 refuses the pattern: {_text(error)}", "no look-around and no back references")
    else:
        if regex.fullmatch("") is not None:
            yield Problem(path, "the pattern matches the empty text", "use + instead of *")


def _actions(spec: PolicySpec) -> Iterator[tuple[str, AnyActionSpec]]:
    """Every action in the policy, with its path."""
    yield "defaults.action", spec.defaults.action
    yield from _actions_in("", spec.labels, spec.field_actions)
    for index, scope in enumerate(spec.scopes):
        yield from _actions_in(f"scopes.{index}.", scope.labels, scope.field_actions)


def _actions_in(
    path: str, labels: Mapping[str, LabelSpec], field_actions: Mapping[str, AnyActionSpec]
) -> Iterator[tuple[str, AnyActionSpec]]:
    for name, label in labels.items():
        if label.action is not None:
            yield f"{path}labels.{name}.action", label.action
    for glob, action in field_actions.items():
        yield f"{path}field_actions.{glob}", action


# --- what it comes to ------------------------------------------------------------------------------------------------


def _plan(spec: PolicySpec) -> Plan:
    lowest = _thresholds(spec)
    for scope in spec.scopes:
        for name, threshold in _thresholds(_in_scopes(spec, [scope])).items():
            lowest[name] = min(lowest[name], threshold)
    wanted = {name: threshold for name, threshold in lowest.items() if threshold != NEVER}
    return Plan(labels=tuple(wanted), thresholds=tuple(wanted.values()))


def _thresholds(spec: PolicySpec) -> dict[str, float]:
    """Threshold of every label, in prompt order; NEVER where it is off."""
    thresholds = {}
    for name in (*LABELS, *spec.custom_labels):
        label = spec.labels.get(name, _SILENT)
        on = label.enabled if label.enabled is not None else name not in DEFAULT_OFF
        threshold = label.threshold if label.threshold is not None else spec.defaults.threshold
        thresholds[name] = threshold if on else NEVER
    return thresholds


_SILENT = LabelSpec()


def _labelling(spec: PolicySpec, keys: KeyRing) -> Labelling:
    return Labelling(
        thresholds=_thresholds(spec),
        actions={name: build_action(label.action, keys) for name, label in spec.labels.items() if label.action},
        default_threshold=spec.defaults.threshold,
        default_action=build_action(spec.defaults.action, keys),
        action_globs=Globs(list(spec.field_actions)),
        actions_by_glob=tuple(build_action(action, keys) for action in spec.field_actions.values()),
    )


def _in_scopes(spec: PolicySpec, scopes: Sequence[ScopeSpec]) -> PolicySpec:
    for scope in scopes:
        spec = merge(
            spec,
            PolicySpec(version=1, name=spec.name, labels=scope.labels, field_actions=scope.field_actions),
        )
    return spec


class _Scoping:
    """Finds the policy for a topic and a level; each combination of scopes is compiled once."""

    def __init__(self, spec: PolicySpec, keys: KeyRing) -> None:
        topics = [Globs(scope.when.topics) for scope in spec.scopes]

        def fits(index: int, topic: str, level: Level | None) -> bool:
            when = spec.scopes[index].when
            topic_fits = not when.topics or topics[index].first(topic) is not None
            return topic_fits and (not when.levels or level in when.levels)

        @lru_cache(maxsize=_SCOPES_CACHED)
        def labelling(fitting: tuple[int, ...]) -> Labelling:
            return _labelling(_in_scopes(spec, [spec.scopes[index] for index in fitting]), keys)

        @lru_cache(maxsize=_SCOPES_CACHED)
        def policy(whole: Policy, topic: str, level: Level | None) -> Policy:
            fitting = tuple(index for index in range(len(spec.scopes)) if fits(index, topic, level))
            return replace(whole, _labelling=labelling(fitting))

        self.policy = policy


def _denied(spec: PolicySpec) -> Iterator[Denied]:
    by_label: dict[str, list[str]] = {}
    for value, label in spec.deny.values.items():
        by_label.setdefault(label, []).append(value)
    for label, values in by_label.items():
        # The longest first: where one value begins another, the whole of the longer one is covered.
        alternatives = "|".join(re2.escape(value) for value in sorted(values, key=len, reverse=True))
        yield Denied(label, "deny.values", _regex(f"(?i:{alternatives})"))
    for index, (pattern, label) in enumerate(spec.deny.patterns.items()):
        yield Denied(label, f"deny.patterns.{index}", _regex(pattern))


def _field_rules(spec: PolicySpec) -> tuple[Globs, tuple[FieldRule, ...]]:
    """Masking comes first: where it and never_scan both fit a field, the field is masked."""
    rules = [
        *((glob, FieldRule("mask", label, f"deny.fields:{glob}")) for glob, label in spec.deny.fields.items()),
        *((glob, FieldRule("mask", MASKED_FIELD, f"always_mask:{glob}")) for glob in spec.always_mask),
        *((glob, FieldRule("never_scan", "", f"never_scan:{glob}")) for glob in spec.never_scan),
    ]
    return Globs([glob for glob, _ in rules]), tuple(rule for _, rule in rules)


def _regex(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False  # a problem is reported with its path, not on stderr
    options.max_mem = _MAX_REGEX_BYTES
    return re2.compile(pattern, options)


def _digest(spec: PolicySpec) -> str:
    """Of the resolved policy: the order of keys does not matter, that of field actions and scopes does."""
    canonical = spec.model_dump(mode="json", exclude={"description", "extends", "labels", "field_actions", "scopes"})
    canonical["labels"] = _canonical_labels(spec)
    canonical["field_actions"] = [[glob, action.model_dump(mode="json")] for glob, action in spec.field_actions.items()]
    canonical["scopes"] = [
        {
            "when": scope.when.model_dump(mode="json"),
            "labels": {name: label.model_dump(mode="json") for name, label in scope.labels.items()},
            "field_actions": [[glob, action.model_dump(mode="json")] for glob, action in scope.field_actions.items()],
        }
        for scope in spec.scopes
    ]
    return hashlib.sha256(orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _canonical_labels(spec: PolicySpec) -> dict[str, Any]:
    """Every label with its threshold (null: off) and action (null: the default one)."""
    actions = {name: label.action.model_dump(mode="json") for name, label in spec.labels.items() if label.action}
    thresholds = {name: None if score == NEVER else score for name, score in _thresholds(spec).items()}
    return {name: [thresholds.get(name), actions.get(name)] for name in (*thresholds, *_NO_LABEL)}


def _text(error: re2.error) -> str:
    reason = error.args[0]
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
