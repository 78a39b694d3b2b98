"""Where the console listens and who may ask it, for `scrubber console` and for the one beside the worker."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scrubber.config.checks import unreadable
from scrubber.config.schema import ConsoleSection
from scrubber.errors import ConfigError, Problem

TOKEN_VARIABLE: Final = "SCRUBBER_CONSOLE_TOKEN"  # noqa: S105 - its name, no token
MIN_TOKEN_CHARACTERS: Final = 16
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`token` None: whoever reaches `host`, a loopback address, may ask. Port 0 takes a free one."""

    enabled: bool
    host: str
    port: int
    token: str | None = field(repr=False)


def from_section(section: ConsoleSection, folder: Path) -> tuple[ConsoleSettings, list[Problem]]:
    """Return the settings of a configuration file, and what is wrong with them."""
    token: str | None = None
    problems: list[Problem] = []
    if section.token is not None:
        token = section.token.get_secret_value()
        if section.token_file is not None:
            problems.append(Problem("console.token_file", "there is a token already", "give the token or its file"))
    elif section.token_file is not None:
        token, problems = _read("console.token_file", folder / section.token_file)
    settings = ConsoleSettings(section.enabled, section.host, section.port, token)
    if not problems and section.enabled:
        problems += _problems("console.", settings)
    return settings, problems


def from_options(host: str, port: int, token_file: Path | None, environ: Mapping[str, str]) -> ConsoleSettings:
    """Return the settings of the command line. Raises ConfigError."""
    token: str | None = environ.get(TOKEN_VARIABLE) or None
    problems: list[Problem] = []
    if token_file is not None:
        token, problems = _read("--token-file", token_file)
    settings = ConsoleSettings(enabled=True, host=host, port=port, token=token)
    problems = problems or list(_problems("", settings))
    if problems:
        raise ConfigError(problems)
    return settings


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(at: str, path: Path) -> tuple[str | None, list[Problem]]:
    if problems := list(unreadable(at, path)):
        return None, problems
    try:
        return path.read_text(encoding="utf-8").strip(), []
    except UnicodeDecodeError:
        return None, [Problem(at, "is not UTF-8")]


def _problems(at: str, settings: ConsoleSettings) -> Iterator[Problem]:
    """A token that can be guessed, or that no header can carry, is none; an address that others reach needs one."""
    if settings.token is not None and not _HEADER_VALUE.fullmatch(settings.token):
        yield Problem(f"{at}token", "has characters that a browser cannot send", "ASCII, no blanks at its ends")
    if settings.token is not None and len(settings.token) < MIN_TOKEN_CHARACTERS:
        hint = "head -c 32 /dev/urandom | base64"
        yield Problem(f"{at}token", f"has fewer than {MIN_TOKEN_CHARACTERS} characters", hint)
    if settings.token is None and not is_loopback(settings.host):
        hint = f"set {TOKEN_VARIABLE} or a token file, or listen on 127.0.0.1"
        yield Problem(f"{at}token", f"missing: others can reach {settings.host}", hint)
