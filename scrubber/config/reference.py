"""The reference of all settings as Markdown, made from the schema (`docs/configuration.md`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scrubber.config.schema import ConfigFile
from scrubber.config.sources import ENVIRONMENT

_INTRODUCTION: Final = """\
# Configuration

One YAML file (`scrubber run --config FILE`), and over it the environment variables listed at the end, no others.
`scrubber check --config FILE` tells everything that is wrong with it at once, `--connect` asks the cluster too, and
`scrubber config schema` prints the JSON Schema for editors. Files are named relative to the configuration file.

The smallest configuration:

```yaml
kafka:
  bootstrap_servers: kafka.example:9092
  group_id: scrubber
routes:
  - topics: [app.raw]
```
"""
_VARIABLES: Final = """\
## Environment variables

Addresses, identities and credentials: what differs from one worker to the next, or does not belong in a file. A
variable wins over the file; an empty one counts as unset.

| variable | setting | meaning |
|---|---|---|
"""


_WORDS: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}

Schema = dict[str, Any]


def markdown() -> str:
    """Return the reference."""
    schema = ConfigFile.model_json_schema()
    variables = "".join(f"| `{it.name}` | `{it.path}` | {it.meaning} |\n" for it in ENVIRONMENT)
    return "\n".join([_INTRODUCTION, *_tables("", schema, schema["$defs"]), _VARIABLES + variables])


def _tables(path: str, section: Schema, definitions: Schema) -> Iterator[str]:
    """Yield one table for each section, outer sections first."""
    rows, inner = [], []
    for name, raw in section["properties"].items():
        setting, required = _without_null(raw), name in section.get("required", ())
        named = _section(setting, definitions)
        if named is not None:
            inner.append((f"{path}{name}{named[0]}.", named[1]))
            continue
        default = "required" if required else _default(setting)
        rows.append(f"| `{name}` | {_values(setting)} | {default} | {_flat(setting['description'])} |\n")
    if rows:
        heading = f"## {path.rstrip('.')}\n\n{_flat(section['description'])}\n" if path else "## Top level\n"
        yield heading + "\n| setting | values | default | meaning |\n|---|---|---|---|\n" + "".join(rows)
    for inner_path, inner_section in inner:
        yield from _tables(inner_path, inner_section, definitions)


def _section(setting: Schema, definitions: Schema) -> tuple[str, Schema] | None:
    """Return the section that a setting holds, and how one of several is written."""
    for each, holder in (
        ("", setting),
        ("[]", setting.get("items", {})),
        (".<name>", setting.get("additionalProperties", {})),
    ):
        if isinstance(holder, dict) and "$ref" in holder:
            return each, definitions[holder["$ref"].rpartition("/")[2]]
    return None


def _without_null(setting: Schema) -> Schema:
    """What an optional setting may be when it is there; the section, where a word may stand for one."""
    kinds = [kind for kind in setting.get("anyOf", ()) if kind.get("type") != "null"]
    sections = [kind for kind in kinds if "$ref" in kind]
    return {**setting, **(sections or kinds)[0]} if len(sections or kinds) == 1 else setting


def _values(setting: Schema) -> str:
    if "enum" in setting:
        return ", ".join(f"`{value}`" for value in setting["enum"])
    if "anyOf" in setting:
        return ", or ".join(_values(kind) for kind in setting["anyOf"] if kind.get("type") != "null")
    kind = str(setting["type"])
    if kind == "array":
        return f"list of {_WORDS[setting['items']['type']]}"
    if kind == "object":
        return "names and values"
    least, most = (setting.get(key) for key in ("minimum", "maximum"))
    if "exclusiveMinimum" in setting:
        return f"{_WORDS[kind]} above {setting['exclusiveMinimum']}" + (f", up to {most}" if most is not None else "")
    if least is not None:
        return f"{least} to {most}" if most is not None else f"{least} or more"
    return _WORDS[kind]


def _default(setting: Schema) -> str:
    default = setting.get("default")
    return "" if default in (None, [], {}) else f"`{str(default).lower() if default in (True, False) else default}`"


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
