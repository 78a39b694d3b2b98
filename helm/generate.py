# ruff: noqa: INP001 - a script
"""Write what of the chart follows from something else: `python helm/generate.py`.

values.schema.json is chart.schema.json beside this file and, for `config`, the schema of scrubber's own configuration
without the settings that are secrets. README.md of the chart is a table made from it. A test keeps both in step.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scrubber.config import ENVIRONMENT, json_schema

HERE = Path(__file__).parent
CHART = HERE / "scrubber"

# Not in a ConfigMap: they come by `secretEnv` or as `secretFiles`.
SECRETS = {
    "OAuthSection": ["client_secret"],
    "SaslSection": ["password"],
    "TlsSection": ["key_password"],
    "QuarantineSection": ["key"],
    "ConsoleSection": ["token"],
}
README = """\
# The chart scrubber

Made by `helm/generate.py` from `helm/chart.schema.json`. How to use it: docs/OPERATIONS.md of the repository.

| value | default | meaning |
|---|---|---|
"""


def values_schema() -> dict[str, Any]:
    """Return the schema of the chart's values."""
    schema: dict[str, Any] = json.loads((HERE / "chart.schema.json").read_text())
    config = copy.deepcopy(json_schema())
    definitions = config.pop("$defs")
    for section, names in SECRETS.items():
        for name in names:
            del definitions[section]["properties"][name]
            if name in definitions[section].get("required", []):
                definitions[section]["required"].remove(name)
    # The probes need the port, and drain and port are looked up by the templates.
    definitions["HttpSection"]["properties"]["enabled"] = {"const": True}
    definitions["HttpSection"]["properties"]["port"]["minimum"] = 1
    definitions["HttpSection"]["required"] = ["enabled", "host", "port"]
    config["required"] = sorted({*config["required"], "http", "drain_timeout_secs"})
    # The pod's name is the instance id, and the transactional id follows from it.
    for name in ("group_instance_id", "transactional_id"):
        del definitions["KafkaSection"]["properties"][name]
    del config["$schema"]
    schema["$defs"] = {**definitions, "ConfigFile": config}
    variable = schema["properties"]["secretEnv"]["items"]["properties"]["variable"]
    variable["enum"] = sorted(each.name for each in ENVIRONMENT)
    return schema


def readme() -> str:
    """Return the table of the values."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    return README + "".join(
        f"| `{path}` | {f'`{json.dumps(default)}`' if default not in ('', None) else ''} | {meaning} |\n"
        for path, default, meaning in _rows("", values_schema(), values)
    )


def _rows(path: str, section: dict[str, Any], values: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for name, value in section["properties"].items():
        if name == "config":
            yield "config", None, "The configuration file of scrubber: see docs/configuration.md. Secrets are refused."
        elif "properties" in value:
            yield from _rows(f"{path}{name}.", value, values[name])
        else:
            yield f"{path}{name}", values[name], value["description"]


if __name__ == "__main__":
    (CHART / "values.schema.json").write_text(json.dumps(values_schema(), indent=1) + "\n")
    (CHART / "README.md").write_text(readme())
