"""`scrubber config`: what a configuration may hold."""

from __future__ import annotations

import click
import orjson

from scrubber.config import json_schema


@click.group
def command() -> None:
    """Show what a configuration may hold."""


@command.command
def schema() -> None:
    """Print the JSON Schema of the configuration file."""
    click.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2))
