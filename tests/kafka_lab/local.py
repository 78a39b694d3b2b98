"""Apache Kafka on this machine: one node or three, in KRaft mode, on loopback, with data that goes when it stops.

with LocalKafka(nodes=3) as kafka:
    Producer({"bootstrap.servers": kafka.bootstrap})
    kafka.nodes[0].kill()
    kafka.nodes[0].start()
    kafka.wait_ready()
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka_lab import guard
from tests.kafka_lab.distribution import jars, java
from tests.kafka_lab.ports import free_port
from tests.kafka_lab.security import Security
from tests.kafka_lab.settings import BrokerFailed, broker_settings

CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
JAVA_OPTIONS = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
)  # quick to start, easy on the CPU
LOG_TAIL_LINES = 40


class Node:
    """One node: broker and controller in one process. Ports and data stay the same over its starts."""

    def __init__(self, number: int, folder: Path, advertised: str | None, java_options: Sequence[str]) -> None:
        self.number = number
        self.folder = folder
        self.internal_port = free_port()
        self.controller_port = free_port()
        self.client_address = f"127.0.0.1:{free_port()}"
        self.advertised_address = advertised or self.client_address
        self.process: subprocess.Popen[bytes] | None = None
        self._java = [java(), *java_options, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars()}/*"]

    @property
    def log(self) -> Path:
        """What the node wrote, over all its starts."""
        return self.folder / "log"

    @property
    def internal_address(self) -> str:
        """The listener that the nodes use among themselves: never behind a proxy; super-user where ACLs are on."""
        return f"127.0.0.1:{self.internal_port}"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def prepare(self, settings: Mapping[str, str], format_options: Sequence[str]) -> subprocess.Popen[bytes]:
        """Write the settings and begin to format the data folder; the caller waits for the process."""
        self.folder.mkdir()
        settings_file = self.folder / "server.properties"
        settings_file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        tool = [*self._java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(settings_file)]
        with self.log.open("ab") as log:
            return subprocess.Popen([*tool, *format_options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start(self) -> None:
        """Start the process, with the data that is there; `LocalKafka.wait_ready` waits for it."""
        assert not self.running, f"node {self.number} runs already"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._java, "kafka.Kafka", str(self.folder / "server.properties")],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the clients; they need their broker to stop well
            )
        (self.folder / "pid").write_text(str(self.process.pid))

    def kill(self) -> None:
        """SIGKILL, as a crash: nothing is flushed, nobody is told."""
        if self.process:
            self.process.kill()
            self.process.wait()
            (self.folder / "pid").unlink(missing_ok=True)

    def terminate(self, timeout_secs: float = 60) -> None:
        """SIGTERM, as a roll-out: leadership moves away first. Returns when the process has ended."""
        if self.process:
            self.process.terminate()
            self.process.wait(timeout_secs)
            (self.folder / "pid").unlink(missing_ok=True)

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_TAIL_LINES:])


class LocalKafka:
    """A cluster of `nodes` nodes that lives as long as the `with` block (or from `start` to `stop`).

    Nothing outlives the process that made it, even when that is killed. With three nodes topics have three replicas,
    two of which must be in sync.

    Args:
        nodes: 1 or 3.
        overrides: broker settings that win over the lab's.
        security: opens listeners with SCRAM, client certificates and bearer tokens, and turns ACLs on; one node only.
        advertised: for each node the `host:port` that clients are told, for a proxy in front of it.
        java_options: for a benchmark that wants the broker at its best.
    """

    def __init__(
        self,
        *,
        nodes: int = 1,
        overrides: Mapping[str, str] | None = None,
        security: Security | None = None,
        advertised: Sequence[str] = (),
        java_options: Sequence[str] = JAVA_OPTIONS,
    ) -> None:
        assert nodes in {1, 3}, "a local cluster has one node or three"
        assert security is None or nodes == 1, "a secured cluster has one node"
        assert len(advertised) in {0, nodes}, "one advertised address for each node"
        self._overrides = overrides or {}
        self._advertised: Sequence[str | None] = advertised or [None] * nodes
        self._java_options = java_options
        self._guard: subprocess.Popen[bytes] | None = None
        self.security = security
        self.nodes: list[Node] = []

    @property
    def bootstrap(self) -> str:
        """A client's `bootstrap.servers`, without password and TLS (in a secured cluster: the super-user's)."""
        return self.internal_bootstrap if self.security else ",".join(node.advertised_address for node in self.nodes)

    @property
    def internal_bootstrap(self) -> str:
        """The same cluster round any proxy."""
        return ",".join(node.internal_address for node in self.nodes)

    def start(self) -> Self:
        """Make the data folders, start every node and wait until they answer.

        Raises:
            BrokerFailed: a node could not be formatted or started; everything is cleaned up.
            Unavailable: there is no Java or there are no jars.
        """
        folder = Path(tempfile.mkdtemp(prefix="scrubber-kafka-"))
        self._guard = subprocess.Popen(
            [sys.executable, "-S", guard.__file__, str(folder), str(os.getpid())],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self.nodes = [
                Node(number, folder / f"node-{number}", advertised, self._java_options)
                for number, advertised in enumerate(self._advertised, start=1)
            ]
            if self.security:
                self.security.prepare(folder)
            scram = self.security.format_options() if self.security else []
            for node, formatting in [(node, node.prepare(self._settings(node), scram)) for node in self.nodes]:
                if formatting.wait(60):
                    raise BrokerFailed(f"Kafka could not format its data folder:\n{node.log_tail()}")  # noqa: TRY301
            for node in self.nodes:
                node.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def wait_ready(self, timeout_secs: float = 90) -> None:
        """Wait until every node that was started answers clients and knows the others.

        Raises:
            BrokerFailed: a node ended, or time is up.
        """
        deadline = time.monotonic() + timeout_secs
        running = [node for node in self.nodes if node.process]
        for node in running:
            while not self._knows(node, {other.number for other in running}):
                if not node.running or time.monotonic() > deadline:
                    how = "is not ready in time" if node.running else "ended"
                    raise BrokerFailed(f"Kafka's node {node.number} {how}. The end of its log:\n{node.log_tail()}")
                time.sleep(0.1)

    def stop(self) -> None:
        """End every node at once and delete the data."""
        for node in self.nodes:
            node.kill()
        if self._guard and self._guard.stdin:
            self._guard.stdin.close()
            self._guard.wait(30)

    def log_tail(self) -> str:
        """The last lines of every node, for the report of a failed test."""
        return "\n".join(f"--- node {node.number} ---\n{node.log_tail()}" for node in self.nodes)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _settings(self, node: Node) -> dict[str, str]:
        listeners = {"INTERNAL": node.internal_address, "CONTROLLER": f"127.0.0.1:{node.controller_port}"}
        advertised = {"INTERNAL": node.internal_address}
        protocols = {"INTERNAL": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", "CLIENT": "PLAINTEXT"}
        secured = {}
        if self.security:
            listeners |= self.security.listeners
            advertised |= self.security.listeners
            protocols |= self.security.protocols
            secured = self.security.settings()
        else:
            listeners["CLIENT"] = node.client_address
            advertised["CLIENT"] = node.advertised_address
        return {
            "process.roles": "broker,controller",
            "node.id": str(node.number),
            "controller.quorum.voters": ",".join(f"{n.number}@127.0.0.1:{n.controller_port}" for n in self.nodes),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "INTERNAL",
            "listeners": _addresses(listeners),
            "advertised.listeners": _addresses(advertised),
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "log.dirs": str(node.folder / "data"),
            **broker_settings(len(self.nodes)),
            **secured,
            **self._overrides,
        }

    @staticmethod
    def _knows(node: Node, numbers: set[int]) -> bool:
        try:
            socket.create_connection(("127.0.0.1", node.internal_port), timeout=1).close()
            admin = AdminClient({"bootstrap.servers": node.internal_address, "log_level": 0})
            return numbers <= set(admin.list_topics(timeout=2).brokers)
        except (OSError, KafkaException):
            return False


def _addresses(listeners: Mapping[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in listeners.items())
