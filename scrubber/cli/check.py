"""`scrubber check`: is this configuration right, and does the cluster fit it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from scrubber.cli.asking import config_to_ask
from scrubber.cli.exits import Exit
from scrubber.config import Config
from scrubber.detect.hub import locate
from scrubber.errors import ConfigError
from scrubber.stream.settings import Route


@click.command
@click.option("--config", "file", required=True, type=click.Path(path_type=Path), help="Configuration file (YAML).")
@click.option("--connect", is_flag=True, help="Ask the brokers too: access, topics, partition counts, permissions.")
def command(file: Path, *, connect: bool) -> int:
    """Check a configuration, and on request the cluster it is for.

    Ends with 0 if everything is right, 2 if the configuration is wrong, 1 if the cluster does not fit it.
    """
    config = config_to_ask(file)
    for name, value in summary(config):
        print(f"{name:<14}{value}")
    if not connect:
        return Exit.OK
    from scrubber.stream.admin import verify  # noqa: PLC0415 - a check without --connect stays offline

    problems = verify(config.stream)
    print(f"{'cluster':<14}{len(problems) or 'no'} {'problem' if len(problems) == 1 else 'problems'}")
    for problem in problems:
        print(f"  {problem}")
    if config.stream.delivery == "exactly_once":
        print(f"{'not asked':<14}whether the transactional id may be used: asking would fence a worker that uses it")
    return Exit.FAILED if problems else Exit.OK


def summary(config: Config) -> Iterator[tuple[str, str]]:
    """Yield what the configuration says, as names and values. Secrets are stars."""
    stream, kafka = config.stream, config.stream.kafka
    yield "configuration", "no problems"
    yield "brokers", kafka.bootstrap_servers
    for name, value in kafka.security.items():
        yield "", f"{name} {'***' if _secret(name) else value}"
    yield "delivery", stream.delivery
    yield "group", f"{kafka.group_id} ({kafka.group_protocol}{_static(kafka.group_instance_id)})"
    if stream.delivery == "exactly_once":
        yield "transactions", kafka.transactional_id or ""
    for route in stream.routes:
        outputs = f"{route.clean}, {route.audit}, {route.quarantine}"
        yield route.name, f"{_inputs(route)} -> {outputs} (policy {route.policy})"
    if stream.create_topics:
        yield "topics", "output topics that are missing are created by scrubber run"
    key_id = config.quarantine_keys.active
    yield "quarantine", f"coordinates and encrypted records (key {key_id})" if key_id else "coordinates only"
    for model in config.models:
        yield "model", f"{model.kind} {model.path or ''}".strip()
        if model.path is not None and model.kind != "none":
            yield from _absent(model.path, model.revision)


def _absent(path: str, revision: str | None) -> Iterator[tuple[str, str]]:
    """Say so where a model is not on this machine. That is no problem: the worker's machine may be another one."""
    try:
        locate(path, revision)
    except ConfigError as error:
        yield from (("", f"not here: {problem._replace(path='')}") for problem in error.problems)


def _secret(name: str) -> bool:
    return "password" in name or "secret" in name


def _static(instance_id: str | None) -> str:
    return f", static member {instance_id}" if instance_id else ""


def _inputs(route: Route) -> str:
    return f"topics like {route.pattern}" if route.pattern is not None else ", ".join(route.topics)
