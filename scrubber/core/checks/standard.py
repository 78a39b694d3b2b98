"""Numbers that python-stdnum knows."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from importlib import resources

_MODULE = re.compile(r"[a-z_]+(?:\.[a-z0-9_]+)?")


@cache
def standard_number(name: str) -> Callable[[bytes, bytes, int, int], bool]:
    """The check of python-stdnum's module `name` (`de.idnr`); its import waits for the first value."""
    if not _exists(name):
        raise LookupError(f"python-stdnum has no module {name!r}")

    def check(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
        try:
            return bool(_is_valid(name)(value.decode("latin-1")))
        except Exception:  # noqa: BLE001 - python-stdnum stumbles over a few numbers (cn.ric: unknown counties):
            return True  # what it cannot judge is covered, and never stops a worker

    return check


@cache
def _is_valid(name: str) -> Callable[[str], bool]:
    is_valid: Callable[[str], bool] = importlib.import_module(f"stdnum.{name}").is_valid
    return is_valid


def _exists(name: str) -> bool:
    """Whether there is such a module; only its file is looked for, because importing its package takes a while."""
    if _MODULE.fullmatch(name) is None:
        return False
    *packages, module = name.split(".")
    return resources.files("stdnum").joinpath(*packages, f"{module}.py").is_file()
