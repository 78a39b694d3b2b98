"""Tags of a token classifier (BIO, BIOES or bare labels), and from tags to entities, as transformers groups them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import NamedTuple

import yaml

from scrubber.core.labels import is_label_name
from scrubber.errors import ConfigError, Problem

_BEGINS = frozenset("BSU")  # a tag with one of these starts an entity, whatever stands before it
_PREFIXES = frozenset("BIESUL")


class Tag(NamedTuple):
    """One class of the model: the model's own `name` for the entity, our `label` (None: nothing to report)."""

    name: str
    label: str | None
    begins: bool


class Entity(NamedTuple):
    """Units `first` to `last` (sub-tokens or words), and the mean of their scores."""

    first: int
    last: int
    label: str
    score: float


def known_labels() -> dict[str, str | None]:
    """What models call their classes (capitals and digits only), and our label for it; None is no personal data."""
    loaded: dict[str, str | None] = yaml.safe_load(
        (resources.files("scrubber.detect.tokens") / "labels.yaml").read_text("utf-8")
    )
    return loaded


def tags(id2label: Mapping[str, str], own: Mapping[str, str | None]) -> list[Tag]:
    """Return the tags of a model by class number; `own` (model's name to our label) goes before the known labels.

    A class that nobody knows keeps its name in snake case: the policy then decides by its default threshold, so that
    a label nobody thought of does not leak.
    """
    known = known_labels() | {_bare(name): label for name, label in own.items()}
    return [_tag(id2label[str(number)], known) for number in range(len(id2label))]


def entities(found: Sequence[Tag], scores: Sequence[float], units: Iterable[int]) -> list[Entity]:
    """Group `units` (numbers into `found` and `scores`) that are neighbours and go on with the same name."""
    groups: list[list[int]] = []
    for unit in units:
        tag = found[unit]
        if groups and tag.name == found[groups[-1][-1]].name and not tag.begins:
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return [
        Entity(group[0], group[-1], label, sum(scores[unit] for unit in group) / len(group))
        for group in groups
        if (label := found[group[0]].label) is not None
    ]


def _tag(text: str, known: Mapping[str, str | None]) -> Tag:
    if text == "O":
        return Tag("O", None, begins=False)
    prefix, dash, name = text.partition("-")
    if not dash or prefix not in _PREFIXES:
        prefix, name = "I", text
    bare = _bare(name)
    label = known[bare] if bare in known else _snake(name)
    return Tag(name, label, begins=prefix in _BEGINS)


def _bare(name: str) -> str:
    return "".join(char for char in name.upper() if char.isalnum())


def _snake(name: str) -> str:
    label = "".join(char if char.isalnum() else "_" for char in name.lower())
    if not is_label_name(label):
        message = f"the model has a class {name!r}, which is no label"
        raise ConfigError([Problem("model.labels", message, "map it to one")])
    return label
