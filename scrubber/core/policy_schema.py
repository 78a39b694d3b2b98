"""The shape of a policy file, before anything is made of it.

pydantic finds everything that is wrong at once, and writes the JSON Schema; `parse` turns its errors into problems with
a path and a hint. What needs more than one key to judge (known labels, keys for hashes) is judged in `policy.py`.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scrubber.core.labels import did_you_mean
from scrubber.core.levels import Level
from scrubber.errors import ConfigError, Problem

Threshold = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Count = Annotated[int, Field(ge=0, le=64)]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)


class ReplaceSpec(_Part):
    """The label stands where the value stood: `<EMAIL>`."""

    type: Literal["replace"]
    numbered: bool = Field(default=False, description="`<EMAIL_1>`: equal values of a record have equal numbers.")


class MaskSpec(_Part):
    """Stars stand where the characters stood: `****-****-****-1111`."""

    type: Literal["mask"]
    keep_first: Count = Field(default=0, description="Letters and digits that stay at the beginning.")
    keep_last: Count = Field(default=0, description="Letters and digits that stay at the end.")
    keep_format: bool = Field(default=True, description="Keep punctuation and length.")


class HashSpec(_Part):
    """A keyed hash (HMAC-SHA-256): equal values can be joined. Needs a key."""

    type: Literal["hash"]


class EncryptSpec(_Part):
    """AES-SIV: the key holder gets the value back with `scrubber reveal`. Needs a key."""

    type: Literal["encrypt"]


class SurrogateSpec(_Part):
    """A made-up value of the same form. Needs a key."""

    type: Literal["surrogate"]


class DropFieldSpec(_Part):
    """The whole field becomes `<DROPPED>`."""

    type: Literal["drop_field"]


class DropRecordSpec(_Part):
    """The record goes to quarantine, without its payload."""

    type: Literal["drop_record"]


class KeepSpec(_Part):
    """The value stays; the finding is audited."""

    type: Literal["keep"]


AnyActionSpec = (
    ReplaceSpec | MaskSpec | HashSpec | EncryptSpec | SurrogateSpec | DropFieldSpec | DropRecordSpec | KeepSpec
)
ACTION_NAMES = tuple(
    typing.get_args(spec.model_fields["type"].annotation)[0] for spec in typing.get_args(AnyActionSpec)
)


def _named_action(value: Any) -> Any:
    """Allow the bare name of an action where none of its options is given."""
    return {"type": value} if isinstance(value, str) else value


ActionSpec = Annotated[AnyActionSpec, Field(discriminator="type"), BeforeValidator(_named_action)]


class DefaultsSpec(_Part):
    """What holds for a label that says nothing else."""

    threshold: Threshold = Field(default=0.5, description="Score that a finding must reach, 0 to 1.")
    action: ActionSpec = ReplaceSpec(type="replace")


class LabelSpec(_Part):
    """One label: whether it is looked for, from which score on, and what becomes of it."""

    enabled: bool | None = Field(default=None, description="Left out: as inherited, or as the label's own default.")
    threshold: Threshold | None = None
    action: ActionSpec | None = None


class AllowSpec(_Part):
    """Findings that are none. A deny-list entry and `always_mask` win over all of these."""

    values: list[Text] = Field(default=[], description="Exact values.")
    patterns: list[Text] = Field(default=[], description="RE2 patterns that match a whole value.")
    fields: dict[Text, list[str] | Literal["all"]] = Field(
        default={}, description="Field paths (globs), and the labels whose findings are left there as they are."
    )


class DenySpec(_Part):
    """What is always found, with the label it gets (`denied` where none fits)."""

    values: dict[Text, str] = Field(default={}, description="Text, anywhere in a field, in any letter case.")
    patterns: dict[Text, str] = Field(default={}, description="RE2 patterns.")
    fields: dict[Text, str] = Field(default={}, description="Field paths (globs) that are masked whole.")


class WhenSpec(_Part):
    """Which records a scope is for: both must fit where both are given."""

    topics: list[Text] = Field(default=[], description="Topic names; `*` stands for any characters.")
    levels: list[Level] = Field(default=[], description="Log levels of records that have one.")


class ScopeSpec(_Part):
    """What is different for some records."""

    when: WhenSpec
    labels: dict[str, LabelSpec] = {}
    field_actions: dict[Text, ActionSpec] = {}


class PolicySpec(_Part):
    """A policy file."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Name
    description: str = ""
    extends: str | None = Field(default=None, description="Name of the preset that this policy starts from.")
    custom_labels: list[str] = Field(default=[], description="Labels of your own, snake case.")
    defaults: DefaultsSpec = DefaultsSpec()
    labels: dict[str, LabelSpec] = {}
    field_actions: dict[Text, ActionSpec] = Field(default={}, description="Actions by field path; the first wins.")
    allow: AllowSpec = AllowSpec()
    deny: DenySpec = DenySpec()
    always_mask: list[Text] = Field(default=[], description="Field paths that are masked whole, whatever they hold.")
    never_scan: list[Text] = Field(
        default=[], description="Field paths that no detector sees; counted in audit events."
    )
    scopes: list[ScopeSpec] = Field(default=[], description="Later ones win.")


def parse(document: Mapping[str, Any]) -> PolicySpec:
    """Check the shape of `document`. Raises ConfigError with every problem."""
    try:
        return PolicySpec.model_validate(dict(document))
    except ValidationError as error:
        raise ConfigError([_problem(detail) for detail in error.errors(include_input=False)]) from None


def _problem(detail: Any) -> Problem:
    location, kind = detail["loc"], detail["type"]
    key = str(location[-1]) if location else ""
    path = ".".join(_steps(location))
    if kind == "extra_forbidden":
        return Problem(path, "unknown key", did_you_mean(key, set(_keys(PolicySpec)) - {key}))
    if kind == "union_tag_invalid":
        hint = did_you_mean(detail["ctx"]["tag"], ACTION_NAMES)
        return Problem(path, "unknown action", hint or f"one of {', '.join(ACTION_NAMES)}")
    if kind == "missing":
        return Problem(path, "missing", "version: 1" if key == "version" else "")
    return Problem(path, detail["msg"][0].lower() + detail["msg"][1:])


def _steps(location: tuple[int | str, ...]) -> Iterator[str]:
    """Leave out what is no step of a path in the file: the name of the action, which pydantic puts after its key."""
    for index, step in enumerate(location):
        after_key = index > 0 and location[index - 1] == "action"
        after_path = index > 1 and location[index - 2] == "field_actions"
        if not (step in ACTION_NAMES and (after_key or after_path)):
            yield str(step)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """All keys that occur anywhere in a policy file, for hints."""
    for name, field in model.model_fields.items():
        yield name
        yield from _keys_of(field.annotation)


def _keys_of(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _keys(annotation)
    for argument in typing.get_args(annotation):
        yield from _keys_of(argument)


def merge(base: PolicySpec, over: PolicySpec) -> PolicySpec:
    """Return `over` with everything that it leaves open taken from `base`.

    Single values of `over` win, label by label and key by key; lists are joined; field actions and scopes of `over`
    come where they win (first and last).
    """
    labels = {name: _merge_label(base.labels.get(name), spec) for name, spec in over.labels.items()}
    return PolicySpec(
        version=over.version,
        name=over.name,
        description=over.description,
        custom_labels=_joined(base.custom_labels, over.custom_labels),
        defaults=base.defaults.model_copy(update=_given(over.defaults)),
        labels={**base.labels, **labels},
        field_actions={
            **over.field_actions,
            **{k: v for k, v in base.field_actions.items() if k not in over.field_actions},
        },
        allow=AllowSpec(
            values=_joined(base.allow.values, over.allow.values),
            patterns=_joined(base.allow.patterns, over.allow.patterns),
            fields={**base.allow.fields, **over.allow.fields},
        ),
        deny=DenySpec(
            values={**base.deny.values, **over.deny.values},
            patterns={**base.deny.patterns, **over.deny.patterns},
            fields={**base.deny.fields, **over.deny.fields},
        ),
        always_mask=_joined(base.always_mask, over.always_mask),
        never_scan=_joined(base.never_scan, over.never_scan),
        scopes=[*base.scopes, *over.scopes],
    )


def _merge_label(base: LabelSpec | None, over: LabelSpec) -> LabelSpec:
    return base.model_copy(update=_given(over)) if base is not None else over


def _given(spec: BaseModel) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.model_fields_set if getattr(spec, name) is not None}


def _joined(base: list[str], over: list[str]) -> list[str]:
    return list(dict.fromkeys([*base, *over]))
