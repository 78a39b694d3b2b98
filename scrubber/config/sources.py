"""Where settings come from: one YAML file, and over it the environment variables of `ENVIRONMENT`, no others.

No message of this module quotes the file: the line at fault may hold a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from scrubber.errors import ConfigError, Problem
from scrubber.unique_keys import UniqueKeys

Document = dict[str, Any]


class Variable(NamedTuple):
    """An environment variable and the setting it takes the place of."""

    name: str
    path: str
    meaning: str


# Addresses, identities and credentials: what differs from one worker to the next, or must not be in a file.
ENVIRONMENT: Final = (
    Variable("SCRUBBER_BOOTSTRAP_SERVERS", "kafka.bootstrap_servers", "brokers to ask first"),
    Variable("SCRUBBER_GROUP_ID", "kafka.group_id", "consumer group"),
    Variable("SCRUBBER_GROUP_INSTANCE_ID", "kafka.group_instance_id", "name of this worker for static membership"),
    Variable("SCRUBBER_TRANSACTIONAL_ID", "kafka.transactional_id", "transactional id of this worker"),
    Variable("SCRUBBER_SASL_USERNAME", "kafka.security.sasl.username", "user name for PLAIN and SCRAM"),
    Variable("SCRUBBER_SASL_PASSWORD", "kafka.security.sasl.password", "password for PLAIN and SCRAM"),
    Variable("SCRUBBER_OAUTH_CLIENT_ID", "kafka.security.sasl.oauth.client_id", "client id for OAUTHBEARER"),
    Variable(
        "SCRUBBER_OAUTH_CLIENT_SECRET", "kafka.security.sasl.oauth.client_secret", "client secret for OAUTHBEARER"
    ),
    Variable("SCRUBBER_SSL_KEY_PASSWORD", "kafka.security.tls.key_password", "password of the private key"),
    Variable("SCRUBBER_QUARANTINE_KEY", "quarantine.key", "key of the quarantine topic, 32 bytes in base64"),
    Variable("SCRUBBER_CONSOLE_TOKEN", "console.token", "what questions to the console must come with"),
)
VARIABLE_OF: Final[Mapping[str, str]] = {variable.path: variable.name for variable in ENVIRONMENT}


def read(path: Path, environ: Mapping[str, str]) -> Document:
    """Return the file with the environment laid over it. Raises ConfigError."""
    return overlay(read_yaml(path), environ)


def read_yaml(path: Path) -> Document:
    """Return what a YAML file holds. Raises ConfigError where it cannot be read, or is not one mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _wrong(path, "no such file") from None
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _wrong(path, f"not UTF-8 (byte {error.start})") from None
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, see below
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _wrong(path, f"{where}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2026-13-45
        raise _wrong(path, f"cannot be read as YAML ({type(error).__name__})") from None
    if not isinstance(document, dict):
        raise _wrong(path, "empty" if document is None else f"a mapping is expected, not a {type(document).__name__}")
    return document


def overlay(document: Document, environ: Mapping[str, str]) -> Document:
    """Return `document` with the listed variables laid over it. A variable that is empty counts as unset."""
    for variable in ENVIRONMENT:
        if value := environ.get(variable.name):
            *sections, name = variable.path.split(".")
            document = _with(document, sections, name, value)
    return document


def _with(document: Any, sections: list[str], name: str, value: str) -> Any:
    """Put the value in a copy. What is no mapping stays: it is told as an error of its own."""
    if document is None:
        document = {}
    if not isinstance(document, dict):
        return document
    if not sections:
        return document | {name: value}
    first, *rest = sections
    return document | {first: _with(document.get(first), rest, name, value)}


class _Loader(UniqueKeys, yaml.SafeLoader):
    pass


def _wrong(path: Path, message: str) -> ConfigError:
    return ConfigError([Problem(str(path), message)])
