"""What pydantic finds wrong, in words: a path as it stands in the file, and a hint."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, ValidationError

from scrubber.config.schema import ConfigFile
from scrubber.config.sources import VARIABLE_OF, Document
from scrubber.errors import Problem


def explain(error: ValidationError, environ: Mapping[str, str]) -> list[Problem]:
    """Return one problem for each error, none of which quotes a value."""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    # Which types a union tried is pydantic's affair: one problem for each place.
    return list({problem.path: problem for problem in (_problem(dict(detail), environ) for detail in details)}.values())


def mended(document: Document, error: ValidationError) -> Document:
    """Return a copy without what the errors are about, and with something in the place of text that is missing."""
    copy = deepcopy(document)
    details = error.errors(include_input=False, include_url=False, include_context=False)
    for detail in reversed(details):  # last items first: leaving out an item of a list moves those behind it
        _mend(copy, detail["loc"], missing=detail["type"] == "missing")
    return copy


def _mend(node: Any, location: Sequence[int | str], *, missing: bool) -> None:
    step, *rest = location
    try:
        inner = node[step]
    except (KeyError, IndexError):
        if missing and not rest:
            node[step] = "missing:0"
        return
    if rest and (isinstance(inner, dict) or (isinstance(inner, list) and isinstance(rest[0], int))):
        _mend(inner, rest, missing=missing)
    else:
        del node[step]


def _problem(detail: dict[str, Any], environ: Mapping[str, str]) -> Problem:
    location, kind, message = tuple(detail["loc"]), detail["type"], detail["msg"]
    if location[:2] == ("kafka", "extra"):
        location, message = location[:3], "must be text, a number, true or false"
    path = _path(location)
    variable = VARIABLE_OF.get(path, "")
    if kind == "extra_forbidden":
        return Problem(path, "unknown setting", _did_you_mean(location))
    if kind == "missing":
        return Problem(path, "missing", f"or set {variable}" if variable else "")
    hint = f"from {variable}" if environ.get(variable) else ""
    if kind == "string_pattern_mismatch":
        hint = dict(_settings(ConfigFile)).get(_name(location), "")
        message = "has not the form that is expected"
    return Problem(path, message[0].lower() + message[1:], hint)


def _path(location: tuple[int | str, ...]) -> str:
    """`("routes", 0, "topics")` is `routes[0].topics`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")


def _name(location: Sequence[int | str]) -> str:
    """`("routes", 0, "topics")` is the setting `routes.topics`."""
    return ".".join(step for step in location if isinstance(step, str))


def _did_you_mean(location: tuple[int | str, ...]) -> str:
    """A sibling that is spelt alike; or the place where a setting of that very name belongs."""
    *parents, unknown = location
    paths = dict(_settings(ConfigFile))
    section = _name(parents)
    siblings = [path.rpartition(".")[2] for path in paths if path.rpartition(".")[0] == section]
    alike = difflib.get_close_matches(str(unknown), siblings, n=1)
    if alike:
        return f"did you mean {alike[0]}?"
    elsewhere = [path for path in paths if path.rpartition(".")[2] == unknown]
    return f"did you mean {elsewhere[0]}?" if elsewhere else f"known here: {', '.join(siblings)}" if siblings else ""


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """All settings by dotted path (sections too; list items have their list's path), and what they mean."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", " ".join((field.description or "").split())
        for part in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _settings(part, f"{prefix}{name}.")
