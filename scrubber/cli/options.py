"""The options that `pipe`, `detect`, `explain` and `eval` share: which policy, rules, keys and model.

Little is imported here, and the rest only when the engine for the rules is being compiled: on the first start on a
machine that takes as long as everything else together, and most of it needs no interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from scrubber.cli.interrupts import starting
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import begin

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--policy", default="logs", show_default=True, metavar="NAME|FILE", help="Preset or policy file."),
    click.option("--rules", metavar="FILE", type=_FILE, multiple=True, help="Rules of your own (YAML). Repeatable."),
    click.option("--key", metavar="ID=FILE", multiple=True, help="Key for the policy's actions. Repeatable."),
    click.option(
        "--model",
        metavar="NAME|DIR",
        help="Model beside the rules: a folder, its id on the hub, embedded, or none.  [default: embedded]",
    ),
    click.option("--rules-only", is_flag=True, help="No model: a hundred times faster, but names stay in free text."),
)


def with_choice(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options to a command, which gets them as `choice`."""

    @wraps(command)
    def chosen(
        *,
        policy: str,
        rules: tuple[Path, ...],
        key: tuple[str, ...],
        model: str | None,
        rules_only: bool,
        **others: Any,
    ) -> int:
        if model is not None and rules_only:
            raise click.UsageError("--model and --rules-only exclude each other")
        with starting():
            if not rules:
                begin(builtin_rules())
            from scrubber.cli.choices import choose  # noqa: PLC0415 - see above

            return command(choice=choose(policy, rules, key, "none" if rules_only else model), **others)

    for option in reversed(_OPTIONS):
        chosen = option(chosen)
    return chosen
