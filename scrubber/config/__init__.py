"""The configuration: the only reader of files, environment and secrets. Hands each room its own part.

`load` reads one YAML file and the variables of `ENVIRONMENT`, tells everything that is wrong at once, and does no I/O
but reading files.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from scrubber.config import checks, console
from scrubber.config.console import ConsoleSettings
from scrubber.config.explain import explain, mended
from scrubber.config.keys import decoded, key_file
from scrubber.config.rules import all_rules
from scrubber.config.schema import ConfigFile, KafkaSection, ModelSection, RouteSection, SecuritySection
from scrubber.config.sources import ENVIRONMENT, Document, Variable, read, read_yaml
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.detect.rules.ready import ready_tier
from scrubber.errors import ConfigError, Problem
from scrubber.logs import LogSettings
from scrubber.policies import PRESETS, load_policy
from scrubber.stream.clients import refused_extra, rejected_by_librdkafka
from scrubber.stream.settings import Brake, ChunkLimits, KafkaSettings, Route, StreamSettings
from scrubber.telemetry.settings import HttpSettings, TracingSettings

__all__ = ["ENVIRONMENT", "Config", "ModelSection", "Variable", "json_schema", "load"]


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that is whole and checked.

    `policies` maps the name of each policy of the user's own to its file; `rules` are files with rules of their own.
    `quarantine_keys` is empty where the quarantine topic gets coordinates only.
    """

    stream: StreamSettings
    scrub_processes: int
    policies: Mapping[str, Path]
    rules: tuple[Path, ...]
    keys: KeyRing
    quarantine_keys: KeyRing
    models: tuple[ModelSection, ...]
    logging: LogSettings
    http: HttpSettings
    tracing: TracingSettings
    console: ConsoleSettings


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read and check the configuration. Raises ConfigError with everything that is wrong."""
    document, folder = read(path, environ), path.parent
    try:
        file = ConfigFile.model_validate(document)
    except ValidationError as error:
        problems = explain(error, environ)
        raise ConfigError(problems + _also_wrong(document, error, problems, folder)) from None
    config, problems = _config(file, folder)
    if problems:
        raise ConfigError(problems)
    return config


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ConfigFile.model_json_schema()}


def _config(file: ConfigFile, folder: Path) -> tuple[Config, list[Problem]]:
    """Put the configuration together, and say what is wrong with it."""
    stream = _stream(file, folder)
    keys, key_problems = _keys(file, folder)
    quarantine_keys, quarantine_problems = _quarantine_keys(file, folder)
    console_settings, console_problems = console.from_section(file.console, folder)
    config = Config(
        stream=stream,
        scrub_processes=_scrub_processes(file),
        policies={name: folder / policy.file for name, policy in file.policies.items()},
        rules=tuple(folder / name for name in file.rules),
        keys=keys,
        quarantine_keys=quarantine_keys,
        models=tuple(_model(model, folder) for model in (file.model, *file.more_models)),
        logging=LogSettings(**file.logging.model_dump()),
        http=HttpSettings(**file.http.model_dump()),
        tracing=TracingSettings(**file.tracing.model_dump()),
        console=console_settings,
    )
    problems = [*checks.problems(file, folder), *refused_extra(stream.kafka.extra)]
    problems = problems or rejected_by_librdkafka(stream)  # asked last: it would say again what is known
    # Without its key an action would be called wrong that is not: to see what else is wrong, any key will do.
    policy_problems = _policies(config, KeyRing({"any": bytes(32)}) if key_problems else keys)
    return config, [
        *problems,
        *key_problems,
        *quarantine_problems,
        *console_problems,
        *policy_problems,
        *_rules(config),
    ]


def _scrub_processes(file: ConfigFile) -> int:
    """How many there are: rules keep about two busy before the worker itself is the slower part."""
    if file.scrub_processes is not None:
        return file.scrub_processes
    return min(2, os.cpu_count() or 1) if file.model.kind == "none" else 1


def _also_wrong(document: Document, error: ValidationError, told: list[Problem], folder: Path) -> list[Problem]:
    """What is wrong with the rest of a file that has wrong settings, as far as the rest makes sense without them."""
    rest = mended(document, error)
    try:
        file = ConfigFile.model_validate(rest)
    except ValidationError as again:  # what was left out may be missing now
        try:
            file = ConfigFile.model_validate(mended(rest, again))
        except ValidationError:
            return []
    _, problems = _config(file, folder)
    return [problem for problem in problems if not any(_related(problem.path, it.path) for it in told)]


def _related(path: str, other: str) -> bool:
    section, _, name = other.rpartition(".")
    if name in ("kind", "protocol"):  # it decides what else its section may hold
        other = section
    return path.startswith(other) or other.startswith(path)


def _stream(file: ConfigFile, folder: Path) -> StreamSettings:
    return StreamSettings(
        kafka=_kafka(file.kafka, folder),
        routes=tuple(_route(number, route) for number, route in enumerate(file.routes, start=1)),
        delivery=file.delivery,
        chunk=ChunkLimits(**file.chunk.model_dump()),
        brake=Brake(**file.brake.model_dump()),
        queue_depth=file.queue_depth,
        start_timeout_secs=file.start_timeout_secs,
        drain_timeout_secs=file.drain_timeout_secs,
        watchdog_secs=file.watchdog_secs,
        slow_transaction_secs=file.slow_transaction_secs,
        create_topics=file.create_topics,
        create_replication=file.create_replication,
    )


def _kafka(kafka: KafkaSection, folder: Path) -> KafkaSettings:
    # A transactional id must be the same after a restart, so that the new worker at once aborts what the dead one left
    # open, and must not be shared by two live workers: they would fence each other. The name of a StatefulSet's pod is
    # both. Under a Deployment the host name changes with each pod: correct all the same, but what a crashed worker left
    # open stays open until `transaction_timeout_ms`.
    derived = f"scrubber-{kafka.group_id}-{kafka.group_instance_id or socket.gethostname()}"
    given = kafka.model_dump(exclude={"security", "transactional_id"})
    return KafkaSettings(
        **given,
        transactional_id=kafka.transactional_id or derived,
        security=_security(kafka.security, folder),
    )


def _security(security: SecuritySection, folder: Path) -> dict[str, str]:
    """Return librdkafka's properties for encryption and credentials."""
    properties: dict[str, str | None] = {"security.protocol": security.protocol}
    if (sasl := security.sasl) is not None:
        properties |= {
            "sasl.mechanism": sasl.mechanism,
            "sasl.username": sasl.username,
            "sasl.password": _revealed(sasl.password),
        }
        if sasl.oauth is not None:
            properties |= {
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.token.endpoint.url": sasl.oauth.token_endpoint_url,
                "sasl.oauthbearer.client.id": sasl.oauth.client_id,
                "sasl.oauthbearer.client.secret": _revealed(sasl.oauth.client_secret),
                "sasl.oauthbearer.scope": sasl.oauth.scope,
            }
    if (tls := security.tls) is not None:
        properties |= {
            "ssl.ca.location": _located(tls.ca_file, folder),
            "ssl.certificate.location": _located(tls.cert_file, folder),
            "ssl.key.location": _located(tls.key_file, folder),
            "ssl.key.password": _revealed(tls.key_password),
            "ssl.endpoint.identification.algorithm": "https" if tls.verify_hostname else "none",
        }
    return {name: value for name, value in properties.items() if value is not None}


def _route(number: int, route: RouteSection) -> Route:
    given = route.model_dump(exclude={"name", "topics"})
    return Route(name=route.name or f"route-{number}", topics=tuple(route.topics), **given)


def _model(model: ModelSection, folder: Path) -> ModelSection:
    """A folder is looked for beside the file first, as all that the file names; a path may also be an id of the hub."""
    if model.path is not None and (folder / model.path).is_dir():
        return model.model_copy(update={"path": str(folder / model.path)})
    return model


def _keys(file: ConfigFile, folder: Path) -> tuple[KeyRing, list[Problem]]:
    keys, problems = {}, []
    for key_id, name in file.keys.files.items():
        key, wrong = key_file(f"keys.files.{key_id}", folder / name)
        keys[key_id] = key
        problems += wrong
    if problems:
        return NO_KEYS, problems
    try:
        return KeyRing(keys, file.keys.active), []
    except ConfigError as error:
        return NO_KEYS, list(error.problems)


def _quarantine_keys(file: ConfigFile, folder: Path) -> tuple[KeyRing, list[Problem]]:
    section = file.quarantine
    if section.key is not None:
        at = "quarantine.key"
        key, problems = decoded(at, section.key.get_secret_value().encode())
    elif section.key_file is not None:
        at = "quarantine.key_file"
        key, problems = key_file(at, folder / section.key_file)
    else:
        return NO_KEYS, []
    if problems:
        return NO_KEYS, problems
    try:
        return KeyRing({section.key_id: key}), []
    except ConfigError as error:
        return NO_KEYS, [problem._replace(path=at) for problem in error.problems]


def _policies(config: Config, keys: KeyRing) -> Iterator[Problem]:
    """Compile what routes use and what the user wrote with `keys`, only to see whether it can be."""
    used = {route.policy for route in config.stream.routes} | {route.shadow for route in config.stream.routes}
    presets = set(PRESETS) & used
    for name in [*config.policies, *sorted(presets)]:
        at = f"policies.{name}"
        try:
            document = read_yaml(config.policies[name]) if name in config.policies else name
        except ConfigError as error:
            yield from (problem._replace(path=f"{at}.file") for problem in error.problems)
            continue
        try:
            load_policy(document, keys)
        except ConfigError as error:
            yield from (problem._replace(path=f"{at}.{problem.path}") for problem in error.problems)


def _rules(config: Config) -> Iterator[Problem]:
    """Compile and test the user's rules, only to see whether they can be."""
    if config.rules:
        try:
            ready_tier(all_rules(config.rules))
        except ConfigError as error:
            yield from error.problems


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _located(file: str | None, folder: Path) -> str | None:
    return str(folder / file) if file is not None else None
