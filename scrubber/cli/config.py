"""`scrubber config`: what a configuration may hold."""

from __future__ import annotations

import click
import orjson

from scrubber.cli.exits import Exit
from scrubber.config import json_schema
from scrubber.config.reference import markdown


@click.group
def command() -> None:
    """Show what a configuration may hold."""


@command.command
def schema() -> None:
    """Print the JSON Schema of the configuration file."""
    click.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2))


@command.command
def reference() -> None:
    """Print the reference of all settings and exit codes (Markdown)."""
    click.echo(f"{markdown()}\n{_exit_codes()}", nl=False)


def _exit_codes() -> str:
    rows = "".join(f"| {code.value} | {code.meaning} |\n" for code in Exit)
    return f"## Exit codes\n\n| code | meaning |\n|---|---|\n{rows}"
