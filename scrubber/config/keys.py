"""Keys in files: base64, so that an editor's newline at the end does no harm."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path

from scrubber.config import checks
from scrubber.core.keys import KeyRing
from scrubber.errors import ConfigError, Problem


def key_file(at: str, path: Path) -> tuple[bytes, list[Problem]]:
    """Return the key in the file at `path`, and what is wrong with it; `at` names the setting in problems."""
    if problems := list(checks.unreadable(at, path)):
        return b"", problems
    return decoded(at, path.read_bytes())


def decoded(at: str, text: bytes) -> tuple[bytes, list[Problem]]:
    """Return the key that `text` is, and what is wrong with it."""
    try:
        return base64.b64decode(text.strip(), validate=True), []
    except binascii.Error:
        return b"", [Problem(at, "is no base64", "head -c 32 /dev/urandom | base64")]


def with_key_options(ring: KeyRing, options: Sequence[str], at: str = "--key") -> KeyRing:
    """Return `ring` with the keys of the command line, `ID=FILE` each. Raises ConfigError with all problems.

    `at` is the option that they were given by.
    """
    keys, problems = {}, []
    for option in options:
        key_id, equals, file = option.partition("=")
        if not equals:
            problems.append(Problem(at, "needs an id and a file", f"{at} k1=FILE"))
            continue
        if key_id in keys:
            problems.append(Problem(f"{at} {key_id}", "stands twice"))
        keys[key_id], wrong = key_file(f"{at} {key_id}", Path(file))
        problems += wrong
    if problems:
        raise ConfigError(problems)
    try:
        return ring.with_keys(keys)
    except ConfigError as error:
        renamed = [problem._replace(path=problem.path.replace("keys.", f"{at} ", 1)) for problem in error.problems]
        raise ConfigError(renamed) from None
