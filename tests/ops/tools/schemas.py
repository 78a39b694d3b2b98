"""Strict JSON schemas for kubeconform, without a download: Kubernetes' own, and those of the operators' CRDs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from tests.ops.tools.go import module_files
from tests.ops.tools.system import kept

VERSION = "1.36.0"
CRDS = {
    "github.com/kedacore/keda/v2": ("config/crd/bases/keda.sh_scaledobjects.yaml",),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ),
}


def crd_files() -> list[Path]:
    """The CustomResourceDefinitions that the chart's objects need."""
    return [module_files("crds", module, names) / name for module, names in CRDS.items() for name in names]


@cache
def locations() -> list[str]:
    """What kubeconform's `-schema-location` takes."""
    bundled = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{VERSION}-local-strict"

    def write(made: Path) -> None:
        built_in = made / f"v{VERSION}-standalone-strict"
        built_in.mkdir(parents=True)
        for file in bundled.glob("*.json"):
            (built_in / file.name).write_text(json.dumps(_rooted(json.loads(file.read_text()))))
        for group, kind, version, schema in _resources():
            (made / group).mkdir(exist_ok=True)
            (made / group / f"{kind.lower()}_{version}.json").write_text(json.dumps(schema))

    made_of = [Path(__file__).read_bytes(), *(file.read_bytes() for file in crd_files())]
    folder = kept("schemas", f"v{VERSION}", made_of, write)
    built_in = "{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json"
    return [f"{folder}/{built_in}", f"{folder}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"]


def _rooted(part: Any) -> Any:
    """The same with references to the file beside it, and without ids that would be fetched."""
    if isinstance(part, list):
        return [_rooted(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _rooted(value) for name, value in part.items() if not (name == "$id" and isinstance(value, str))}
    if isinstance(reference := kept.get("$ref"), str):
        kept["$ref"] = reference.replace("/api/_definitions.json", "_definitions.json")
    return kept


def _resources() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for file in crd_files():
        for document in yaml.safe_load_all(file.read_text()):
            spec = document["spec"]
            for version in spec["versions"]:
                schema = _strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                yield spec["group"], spec["names"]["kind"], version["name"], schema


def _strict(part: Any) -> Any:
    """The same with unknown fields refused, and Kubernetes' own words in JSON Schema's."""
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    strict = {name: _strict(value) for name, value in part.items()}
    if strict.pop("x-kubernetes-int-or-string", False):
        strict.pop("type", None)
        strict["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if isinstance(strict.get("properties"), dict) and strict.get("type") == "object":
        loose = strict.get("x-kubernetes-preserve-unknown-fields")
        strict.setdefault("additionalProperties", bool(loose))
    if strict.pop("nullable", False) and isinstance(strict.get("type"), str):
        strict["type"] = [strict["type"], "null"]
    return strict
