"""The chart, rendered: every value is documented, used and checked; every object is what Kubernetes expects."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import yaml

from helm import generate
from scrubber.config import ENVIRONMENT, json_schema
from tests.ops.tools.containers import REPOSITORY
from tests.ops.tools.go import binaries
from tests.ops.tools.schemas import VERSION, locations
from tests.ops.tools.steps import run
from tests.ops.value_sets import VALUE_SETS

CHART = REPOSITORY / "helm" / "scrubber"
WRONG_VALUES = {
    "replicas=many": "/replicas",
    "replica=2": "replica",
    "image.pullPolicy=Sometimes": "/image/pullPolicy",
    "image.digest=latest": "/image/digest",
    "config.kafka.grup_id=x": "grup_id",
    "config.kafka.security.sasl.mechanism=PLAIN,config.kafka.security.sasl.password=made-up": "password",
    "config.quarantine.key=bWFkZS11cA==": "'key'",
    "config.chunk.max_records=0": "/config/chunk/max_records",
    "config.model=nonne": "/config/model",
    "config.http.enabled=false": "/config/http/enabled",
    "config.drain_timeout_secs=null": "drain_timeout_secs",
    "drain.extraSeconds=0": "/drain/extraSeconds",
    "secretEnv[0].variable=HOME,secretEnv[0].secret=s,secretEnv[0].key=k": "/secretEnv/0/variable",
    "weights.files[0].path=../x,weights.files[0].sha256=x": "/weights/files/0",
    "autoscaling.enabled=true,autoscaling.maxReplicas=9,autoscaling.partitions=8": "autoscaling.maxReplicas",
    "autoscaling.enabled=true,autoscaling.minReplicas=5": "autoscaling.minReplicas",
}


@pytest.fixture(params=VALUE_SETS)
def values_file(request, tmp_path):
    file = tmp_path / f"{request.param}.yaml"
    file.write_text(yaml.safe_dump(VALUE_SETS[request.param]))
    return file


@pytest.fixture
def rendered(values_file) -> list[dict]:
    return [each for each in yaml.safe_load_all(_helm("template", "release", CHART, "-f", values_file)) if each]


def test_what_is_generated_is_up_to_date():
    assert json.loads((CHART / "values.schema.json").read_text()) == generate.values_schema(), "run helm/generate.py"
    assert (CHART / "README.md").read_text() == generate.readme(), "run helm/generate.py"


def test_every_value_is_described_and_every_template_asks_for_values_that_are_there():
    described = set(re.findall(r"^\| `([\w.]+)` \|", (CHART / "README.md").read_text(), re.MULTILINE))
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert described == set(_leaves("", values, generate.values_schema()))
    templates = "\n".join(file.read_text() for file in (CHART / "templates").iterdir())
    asked = set(re.findall(r"\.Values\.([\w.]+)", templates))
    inside = {path for path in asked if path.startswith(("config.", "resources."))}  # shapes that are not the chart's
    assert asked - inside - described == set()
    assert described - asked - {"config"} == set(), "values that no template uses"


def test_every_setting_can_be_given_in_the_chart_and_every_value_of_config_is_a_setting():
    settings, chart = json_schema()["$defs"], generate.values_schema()["$defs"]
    assert set(chart.pop("ConfigFile")["properties"]) == set(json_schema()["properties"])
    by_variable = {variable.path.rpartition(".")[2] for variable in ENVIRONMENT}
    for name, section in settings.items():
        left_out = set(section["properties"]) - set(chart[name]["properties"])
        assert left_out <= by_variable, f"{name}: {left_out}"
        assert set(chart[name]["properties"]) <= set(section["properties"])


def test_helm_lint_finds_nothing(values_file):
    _helm("lint", "--strict", CHART, "-f", values_file)


def test_objects_are_what_kubernetes_and_the_operators_expect(values_file, tmp_path):
    objects = tmp_path / "objects.yaml"
    objects.write_text(_helm("template", "release", CHART, "-f", values_file))
    assert json.loads(_kubeconform(objects))["summary"] | {"valid": 0} == dict.fromkeys(
        ("valid", "invalid", "errors", "skipped"), 0
    )


def test_a_planted_mistake_in_each_kind_of_schema_is_found(tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(VALUE_SETS["watched"] | {"autoscaling": {"enabled": True}}))
    objects = list(yaml.safe_load_all(_helm("template", "release", CHART, "-f", values)))
    for each in objects:
        if "spec" in each:
            broken = tmp_path / "broken.yaml"
            broken.write_text(yaml.safe_dump(each | {"spec": each["spec"] | {"replicass": 1}}))
            with pytest.raises(AssertionError, match="replicass"):
                _kubeconform(broken)


def test_the_configuration_arrives_as_it_was_written(rendered, values_file):
    given = _merged(yaml.safe_load((CHART / "values.yaml").read_text()), yaml.safe_load(values_file.read_text()) or {})
    (text,) = (each["data"]["scrubber.yaml"] for each in rendered if "scrubber.yaml" in each.get("data", {}))
    assert yaml.safe_load(text) == given["config"]


def test_pods_are_restricted_and_may_drain(rendered):
    (workers,) = (each for each in rendered if each["kind"] in {"StatefulSet", "Deployment"})
    pod = workers["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
    assert pod["terminationGracePeriodSeconds"] > 30
    probes = {name: pod["containers"][0][f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness")}
    assert probes == {"startup": "/readyz", "readiness": "/readyz"}
    assert pod["containers"][0]["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_a_longer_drain_gives_the_pod_more_time():
    (workers,) = (
        each
        for each in yaml.safe_load_all(_helm("template", "r", CHART, "--set-json", "config.drain_timeout_secs=99.5"))
        if each["kind"] == "StatefulSet"
    )
    assert workers["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 100 + 15


@pytest.mark.parametrize("wrong", WRONG_VALUES)
def test_wrong_values_are_refused_by_name(wrong):
    with pytest.raises(AssertionError, match=re.escape(WRONG_VALUES[wrong])):
        _helm("template", "release", CHART, "--set", wrong)


def test_weights_are_fetched_once_and_only_with_the_right_digest(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "model").write_bytes(b"made-up weights")
    digest = hashlib.sha256(b"made-up weights").hexdigest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: _Quiet(*a, directory=str(tmp_path / "served")))
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/model"
    try:
        assert "not the one" in _fetch(tmp_path, {"path": "m/model", "sha256": "0" * 64, "url": url})
        assert not list((tmp_path / "volume").rglob("model*"))
        assert _fetch(tmp_path, {"path": "m/model", "sha256": digest, "url": url}) == ""
    finally:
        server.shutdown()
        server.server_close()
    assert _fetch(tmp_path, {"path": "m/model", "sha256": digest, "url": url}) == "", "it is there already"
    (tmp_path / "volume" / "m" / "model").write_bytes(b"others")
    assert "another file" in _fetch(tmp_path, {"path": "m/model", "sha256": digest})


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def _fetch(folder, file) -> str:
    listed = folder / "files.json"
    listed.write_text(json.dumps([file]))
    script = [sys.executable, str(CHART / "files" / "fetch_weights.py"), str(listed), str(folder / "volume")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def _helm(*words) -> str:
    return run(binaries("helm") / "helm", *words)


def _kubeconform(objects) -> str:
    places = [word for place in locations() for word in ("-schema-location", place)]
    options = ("-strict", "-summary", "-output", "json", "-kubernetes-version", VERSION)
    return run(binaries("kubeconform") / "kubeconform", *options, *places, objects)


def _leaves(path: str, values: dict, schema: dict):
    for name, value in values.items():
        inner = schema["properties"][name]
        if "properties" in inner:
            yield from _leaves(f"{path}{name}.", value, inner)
        else:
            yield f"{path}{name}"


def _merged(values: dict, over: dict) -> dict:
    both = {
        name: _merged(values[name], value) if isinstance(value, dict) and isinstance(values.get(name), dict) else value
        for name, value in over.items()
    }
    return {**values, **both}
