r"""Rules from YAML: the built-in pack and the user's own, in one form.

rules:
  - id: badge                       # unique; it names the rule in audit events and errors
    label: employee_id
    pattern: '\bB-(\d{6})\b'        # or keys (and the form of their value): see keyed.py
    score: 0.9
    check: luhn                     # a validator of core/checks
    near: {include: [badge], exclude: [build], within: 40}
    frequent: false                 # true: has no word in it, and yet hits in every tenth record or so
    examples: ['badge «B-123456»']  # at least one; the value between « and »
    counter_examples: ['build B-123456']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from scrubber.core.checks import get_check
from scrubber.core.labels import did_you_mean
from scrubber.detect.rules.derived import derived
from scrubber.detect.rules.keyed import assigned_pattern, keyed_pattern
from scrubber.detect.rules.rule import Near, Rule
from scrubber.detect.rules.syntax import PatternError
from scrubber.errors import ConfigError, Problem
from scrubber.unique_keys import UniqueKeys

_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a tenth of the time, where PyYAML has libyaml


class _Loader(UniqueKeys, _Fast):  # type: ignore[misc]
    pass


_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Text = Annotated[str, StringConstraints(min_length=1)]
_KEYED_SCORE, _SHAPED_SCORE = 0.85, 0.9


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _NearSpec(_Strict):
    include: tuple[_Text, ...] = ()
    exclude: tuple[_Text, ...] = ()
    within: int = Field(default=50, ge=1, le=500)


class _RuleSpec(_Strict):
    id: _Name
    label: _Name
    pattern: _Text | None = None
    keys: tuple[_Text, ...] = ()
    value: _Text | None = None
    score: float | None = Field(default=None, gt=0, le=1)
    evidence: str | None = Field(default=None, pattern="^(shape|key)$")
    check: str | None = None
    near: _NearSpec | None = None
    frequent: bool = False
    examples: tuple[_Text, ...] = Field(min_length=1)
    counter_examples: tuple[_Text, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.pattern is None) == (not self.keys) or (self.value is not None and not self.keys):
            raise ValueError("give either a pattern, or keys (and perhaps the form of their value)")
        return self

    def source(self) -> str:
        """The source of the pattern."""
        if self.pattern is not None:
            return self.pattern
        return assigned_pattern(self.keys) if self.value is None else keyed_pattern(self.keys, self.value)

    def rule(self) -> Rule:
        """The rule, or a `PatternError`, or a `LookupError` for a check that does not exist."""
        if self.check is not None:
            get_check(self.check)
        keyed = bool(self.keys)
        return Rule(
            id=self.id,
            label=self.label,
            pattern=derived(self.source()),
            score=self.score or (_KEYED_SCORE if keyed else _SHAPED_SCORE),
            evidence="key" if (self.evidence or ("key" if keyed else "shape")) == "key" else "shape",
            check=self.check,
            near=Near(self.near.include, self.near.exclude, self.near.within) if self.near else None,
            frequent=self.frequent,
            examples=self.examples,
            counter_examples=self.counter_examples,
        )


def load_rules(source: Path | str) -> tuple[Rule, ...]:
    """Read the rules of a file (`Path`) or of YAML text (`str`); a `ConfigError` names every problem with its rule."""
    where, text = (source.name, source.read_text("utf-8")) if isinstance(source, Path) else ("rules", source)
    rules, problems = _read(text, where)
    if problems:
        raise ConfigError(problems)
    return tuple(rules)


@cache
def builtin_rules() -> tuple[Rule, ...]:
    """The built-in pack, by file and in the order of each file."""
    return tuple(rule for text in _pack() for rule in load_rules(text))


def builtin_sources() -> list[str]:
    """The source of each pattern of the built-in pack."""
    entries = (entry for text in _pack() for entry in yaml.load(text, Loader=_Loader)["rules"])  # noqa: S506 - a safe one
    return [_RuleSpec.model_validate(entry).source() for entry in entries]


def _pack() -> Iterator[str]:
    files = (resources.files("scrubber.detect.rules") / "pack").iterdir()
    return (file.read_text("utf-8") for file in sorted(files, key=lambda file: file.name))


def _read(text: str, where: str) -> tuple[list[Rule], list[Problem]]:
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return [], [Problem(where, f"not YAML, line {mark.line + 1}: {error.problem}" if mark else "not YAML")]
    except yaml.YAMLError:
        return [], [Problem(where, "not YAML")]
    entries = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return [], [Problem(where, "no list of rules", "begin with 'rules:'")]
    rules: list[Rule] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        path = f"{where}.{_name(entry, index)}"
        try:
            rules.append(_RuleSpec.model_validate(entry).rule())
        except ValidationError as error:
            problems += _explained(error, path)
        except PatternError as error:
            problems.append(Problem(f"{path}.pattern", str(error)))
        except LookupError as error:
            problems.append(Problem(f"{path}.check", str(error.args[0])))
    twice = [name for name, count in Counter(rule.id for rule in rules).items() if count > 1]
    return rules, problems + [Problem(f"{where}.{name}", "two rules have this id") for name in twice]


def _name(entry: Any, index: int) -> str:
    name = entry.get("id") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else f"[{index}]"


def _explained(error: ValidationError, path: str) -> Iterator[Problem]:
    for item in error.errors(include_input=False, include_url=False):
        at, key = ".".join([path, *map(str, item["loc"])]), str(item["loc"][-1]) if item["loc"] else ""
        if item["type"] == "extra_forbidden":
            yield Problem(at, "unknown key", did_you_mean(key, {*_RuleSpec.model_fields, *_NearSpec.model_fields}))
        elif item["type"] == "missing":
            yield Problem(at, "missing", "the value in each between « and »" if key == "examples" else "")
        else:
            message = item["msg"].removeprefix("Value error, ")
            yield Problem(at, message[0].lower() + message[1:])
