"""A real Kubernetes on loopback: etcd, API server, controllers, scheduler. Its nodes are kwok's: no container runs."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.kafka_lab.ports import free_port
from tests.ops.tools.go import binaries, module_files
from tests.ops.tools.steps import run
from tests.ops.tools.system import program

START_SECS = 120
STOP_SECS = 60
STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast")  # what kwok's nodes and pods go through


class Cluster:
    """A cluster that lives as long as the `with` block."""

    def __init__(self, nodes: int = 2) -> None:
        self._nodes = nodes
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory(prefix="scrubber-kubernetes-")
        self.folder = Path(self._scratch.name)
        self.kubeconfig = self.folder / "kubeconfig"
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def kubectl(self, *words: str | Path, **options: Any) -> str:
        """Run kubectl; what it printed."""
        return run(binaries("kubernetes") / "kubectl", f"--kubeconfig={self.kubeconfig}", *words, **options)

    def helm(self, *words: str | Path) -> str:
        """Run helm; what it printed."""
        homes = {name: str(self.folder / name) for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
        environment = {**os.environ, **homes, "KUBECONFIG": str(self.kubeconfig)}
        return run(binaries("helm") / "helm", *words, env=environment)

    def get(self, *words: str) -> Any:
        """Objects as JSON."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def _start(self) -> None:
        api, etcd, peers = free_port(), free_port(), free_port()
        run(program("openssl", "openssl"), "genrsa", "-out", self.folder / "sa.key", "2048")
        (self.folder / "tokens.csv").write_text("made-up-token,admin,admin,system:masters\n")
        self.kubeconfig.write_text(_kubeconfig(api))
        self._spawn(
            program("etcd", "etcd-server"),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peers}",
            "--unsafe-no-fsync",
        )
        tools = binaries("kubernetes")
        self._spawn(
            tools / "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            f"--service-account-key-file={self.folder / 'sa.key'}",
            f"--service-account-signing-key-file={self.folder / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default",
            f"--cert-dir={self.folder / 'certs'}",
            f"--secure-port={api}",
            "--bind-address=127.0.0.1",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--feature-gates=WatchList=false",  # Debian's etcd is too old for it: kwok would see pods a minute late
        )
        self._wait_ready(api)
        as_admin = (f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0")
        keys = f"--service-account-private-key-file={self.folder / 'sa.key'}"
        self._spawn(tools / "kube-controller-manager", *as_admin, keys)
        self._spawn(tools / "kube-scheduler", *as_admin)
        self._spawn(
            binaries("kwok") / "kwok",
            f"--kubeconfig={self.kubeconfig}",
            f"--config={self._stages()}",
            "--node-lease-duration-seconds=40",
            "--manage-all-nodes=true",
            "--server-address=",
        )
        for number in range(self._nodes):
            self.kubectl("apply", "--validate=false", "-f", "-", input=json.dumps(_node(f"node-{number}")))

    def _stages(self) -> Path:
        folder = module_files("kwok", "sigs.k8s.io/kwok", ("kustomize/stage",)) / "kustomize" / "stage"
        files = [file for stage in STAGES for file in sorted((folder / stage).glob("*.yaml"))]
        text = "\n---\n".join(file.read_text() for file in files if file.name != "kustomization.yaml")
        (self.folder / "stages.yaml").write_text(text)
        return self.folder / "stages.yaml"

    def _spawn(self, command: str | Path, *arguments: str) -> None:
        with (self.folder / f"{Path(command).name}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [str(command), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder
                )
            )

    def _wait_ready(self, port: int) -> None:
        unverified = ssl._create_unverified_context()  # its certificate is its own
        ask = urllib.request.Request(
            f"https://127.0.0.1:{port}/readyz", headers={"Authorization": "Bearer made-up-token"}
        )
        deadline = time.monotonic() + START_SECS
        while True:
            try:
                with urllib.request.urlopen(ask, timeout=5, context=unverified):
                    return
            except OSError:
                log = (self.folder / "kube-apiserver.log").read_text(errors="replace")
                assert self._processes[-1].poll() is None, f"the API server ended: {log[-3000:]}"
                assert time.monotonic() < deadline, f"the API server is not ready in time: {log[-3000:]}"
                time.sleep(0.2)

    def _stop(self) -> None:
        for process in reversed(self._processes):  # etcd last: without it the API server hangs for ever
            process.terminate()
            try:
                process.wait(STOP_SECS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._scratch.cleanup()


def _kubeconfig(port: int) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "lab", "cluster": {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}}
            ],
            "users": [{"name": "admin", "user": {"token": "made-up-token"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}],
            "current-context": "lab",
        }
    )


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "type": "kwok"}},
        "status": {"allocatable": room, "capacity": room},
    }
