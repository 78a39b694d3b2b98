"""The user's own rules, from their files, beside the built-in ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scrubber.config.checks import unreadable
from scrubber.detect.rules.load import builtin_rules, load_rules
from scrubber.detect.rules.rule import Rule
from scrubber.errors import ConfigError, Problem


def all_rules(files: Sequence[Path], at: str = "rules") -> tuple[Rule, ...]:
    """Return the built-in rules and those of `files`; `at` names the setting in problems. Raises ConfigError."""
    rules = list(builtin_rules())
    origins = dict.fromkeys((rule.id for rule in rules), "the built-in rules")
    problems: list[Problem] = []
    for index, file in enumerate(files):
        own, wrong = _read(file, f"{at}[{index}]")
        problems += wrong
        for rule in own:
            if rule.id in origins:
                problems.append(Problem(f"{file.name}.{rule.id}", "this id is taken", f"by {origins[rule.id]}"))
            origins[rule.id] = file.name
        rules += own
    if problems:
        raise ConfigError(problems)
    return tuple(rules)


def _read(file: Path, at: str) -> tuple[tuple[Rule, ...], list[Problem]]:
    if problems := list(unreadable(at, file)):
        return (), problems
    try:
        return load_rules(file), []
    except ConfigError as error:
        return (), list(error.problems)
    except UnicodeDecodeError as error:
        return (), [Problem(at, f"{file}: not UTF-8 (byte {error.start})")]
