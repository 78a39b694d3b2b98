"""The chart on a real API server: install, upgrade, roll back, evict, uninstall; and what it starts, started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64decode

import pytest
import yaml

from tests.kafka_lab.ports import free_port
from tests.kafka_lab.topics import produce, read_topic
from tests.ops.tools.containers import REPOSITORY
from tests.ops.tools.kubernetes import Cluster
from tests.ops.tools.schemas import crd_files
from tests.ops.value_sets import OPERATORS, POLICY
from tests.stream.real_worker import WorkerProcess, group_of, new_route

CHART = REPOSITORY / "helm" / "scrubber"
WAIT_SECS = 120
RECORDS = 500
KINDS = (
    "configmaps,secrets,services,serviceaccounts,pods,statefulsets,deployments,controllerrevisions,"
    "poddisruptionbudgets,networkpolicies,servicemonitors,prometheusrules,scaledobjects"
)


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        for file in crd_files():
            running.kubectl("apply", "--server-side", "-f", file)
        running.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield running


@pytest.fixture
def namespace(cluster, request):
    name = f"test-{abs(hash(request.node.name)) % 10**8}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def test_install_upgrade_rollback_and_uninstall_leaves_nothing(cluster, namespace, tmp_path):
    before = _names(cluster, namespace)
    values = _values(tmp_path, replicas=3, files={"ours.yaml": POLICY}, **OPERATORS)
    cluster.helm("install", "logs", CHART, "-n", namespace, "-f", values, "--wait", "--timeout", "3m")
    first = _pods(cluster, namespace)
    assert sorted(first) == ["logs-scrubber-0", "logs-scrubber-1", "logs-scrubber-2"]

    _upgrade(cluster, namespace, values, "files.ours\\.yaml=labels: {}")
    assert _pods(cluster, namespace) == first, "running workers take up other policies by themselves"

    _upgrade(cluster, namespace, values, "config.chunk.max_records=777")
    second = _pods(cluster, namespace)
    assert not set(first.values()) & set(second.values()), "another configuration makes the pods roll"
    assert _configuration(cluster, namespace)["chunk"] == {"max_records": 777}

    cluster.helm("rollback", "logs", "1", "-n", namespace, "--wait", "--timeout", "3m")
    assert "chunk" not in _configuration(cluster, namespace)
    assert not set(second.values()) & set(_pods(cluster, namespace).values())

    cluster.helm("uninstall", "logs", "-n", namespace, "--wait")
    _until(lambda: _names(cluster, namespace) == before, lambda: _names(cluster, namespace) - before)


def test_the_server_accepts_every_field_and_the_pods_pass_the_restricted_standard(cluster, namespace, tmp_path):
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    values = _values(tmp_path, weights={"enabled": True, "files": [{"path": "m/model", "sha256": "0" * 64}]})
    objects = cluster.helm("template", "logs", CHART, "-n", namespace, "-f", values)
    cluster.kubectl("apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", "-", input=objects)
    cluster.helm("install", "logs", CHART, "-n", namespace, "-f", values, "--wait", "--timeout", "3m")
    assert len(_pods(cluster, namespace)) == 2


def test_a_second_eviction_at_once_is_refused(cluster, namespace, tmp_path):
    values = _values(tmp_path, replicas=2)
    cluster.helm("install", "logs", CHART, "-n", namespace, "-f", values, "--wait", "--timeout", "3m")
    _until(lambda: _allowed(cluster, namespace) == 1, lambda: "the budget is not known yet")
    cluster.kubectl("cordon", "node-0")  # what is evicted stays away, as in the drain of a node
    cluster.kubectl("cordon", "node-1")
    try:
        _evict(cluster, namespace, "logs-scrubber-0")
        with pytest.raises(AssertionError, match="disruption budget"):
            _evict(cluster, namespace, "logs-scrubber-1")
    finally:
        cluster.kubectl("uncordon", "node-0")
        cluster.kubectl("uncordon", "node-1")


def test_what_a_pod_would_run_scrubs_a_topic(cluster, namespace, kafka, tmp_path):
    route = new_route(kafka.bootstrap, policy="ours")
    config = group_of(kafka.bootstrap, route, http={"enabled": True, "host": "127.0.0.1", "port": free_port()})
    del config["kafka"]["transactional_id"]
    config["model"] = {"kind": "none"}
    config |= {"policies": {"ours": {"file": "files/ours.yaml"}}, "quarantine": {"key_file": "secrets/key"}}
    key = {"name": "key", "secret": "keys", "key": "quarantine"}
    cluster.kubectl("create", "secret", "generic", "keys", "-n", namespace, f"--from-literal=quarantine={'QUFB' * 11}")
    values = _values(tmp_path, replicas=1, config=config, files={"ours.yaml": POLICY}, secretFiles=[key])
    cluster.helm("install", "logs", CHART, "-n", namespace, "-f", values, "--wait", "--timeout", "3m")
    pod = cluster.get("pod", "logs-scrubber-0", "-n", namespace)
    _mount(cluster, namespace, pod, tmp_path / "etc")
    worker = pod["spec"]["containers"][0]
    command = [word.replace("/etc/scrubber", str(tmp_path / "etc")) for word in worker["args"]]
    given = {each["name"]: _value(pod, each) for each in worker["env"]}
    assert given == {"SCRUBBER_GROUP_INSTANCE_ID": "logs-scrubber-0"}

    produce(kafka.bootstrap, route.topics[0], [b"mail to ann@mail.example from 192.0.2.7"] * RECORDS)
    progress = WorkerProcess(tmp_path, config)
    log = tmp_path / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrubber.cli", *command], env={**os.environ, **given}, stderr=sink
        )
    try:
        _until(lambda: progress.committed() >= RECORDS, log.read_text)
        process.send_signal(signal.SIGTERM)
        assert process.wait(pod["spec"]["terminationGracePeriodSeconds"]) == 0
    finally:
        process.kill()
        process.wait()
    clean = [message.value() for message in read_topic(kafka.bootstrap, route.clean)]
    assert len(clean) == RECORDS
    assert set(clean) == {b"mail to <EMAIL> from 192.0.2.7"}, "the policy of the chart's files is in force"


def _values(folder, **values):
    config = {"drain_timeout_secs": 1.0, **values.pop("config", {})}
    values |= {"config": config, "drain": {"extraSeconds": 5}}  # kwok's pods take all the time that they are given
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    return file


def _upgrade(cluster, namespace, values, change) -> None:
    cluster.helm("upgrade", "logs", CHART, "-n", namespace, "-f", values, "--set", change, "--wait", "--timeout", "3m")


def _pods(cluster, namespace) -> dict[str, str]:
    """Names and uids of the pods that run, once there are as many as there should be."""

    def running() -> list[dict]:
        pods = cluster.get("pods", "-n", namespace)["items"]
        return [
            pod for pod in pods if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
        ]

    wanted = cluster.get("statefulset", "logs-scrubber", "-n", namespace)["spec"]["replicas"]
    _until(lambda: len(running()) == wanted, running)
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in running()}


def _configuration(cluster, namespace) -> dict:
    return yaml.safe_load(cluster.get("configmap", "logs-scrubber", "-n", namespace)["data"]["scrubber.yaml"])


def _names(cluster, namespace) -> set[str]:
    return set(cluster.kubectl("get", KINDS, "-n", namespace, "-o", "name").split())


def _allowed(cluster, namespace) -> int:
    return cluster.get("pdb", "logs-scrubber", "-n", namespace).get("status", {}).get("disruptionsAllowed", 0)


def _evict(cluster, namespace, pod) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    cluster.kubectl("create", "--raw", path, "-f", "-", input=json.dumps(eviction))


def _mount(cluster, namespace, pod, folder) -> None:
    """Lay out the projected volume as the kubelet would."""
    (volume,) = (each for each in pod["spec"]["volumes"] if each["name"] == "config")
    for source in volume["projected"]["sources"]:
        ((kind, wanted),) = source.items()
        made = cluster.get(kind, wanted["name"], "-n", namespace)["data"]
        for item in wanted.get("items", [{"key": key, "path": key} for key in made]):
            file = folder / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            content = made[item["key"]]
            file.write_bytes(b64decode(content) if kind == "secret" else content.encode())


def _value(pod, variable) -> str:
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    return pod["metadata"]["name"]


def _until(condition, told) -> None:
    deadline = time.monotonic() + WAIT_SECS
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_SECS} s in vain: {told()}"
        time.sleep(0.3)
