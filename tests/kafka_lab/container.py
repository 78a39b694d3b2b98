"""Apache Kafka in a container, through testcontainers: where a Docker daemon (or podman's Docker API) answers.

`SCRUBBER_TEST_KAFKA_IMAGE` names another image; it must take settings as the official one does (`KAFKA_A_B` is `a.b`).
"""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Self

import docker
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.kafka_lab.ports import free_port
from tests.kafka_lab.settings import BrokerFailed, broker_settings

IMAGE = "apache/kafka:4.1.1"
READY_TIMEOUT_SECS = 90
LOG_TAIL_CHARACTERS = 6000


def docker_answers() -> bool:
    """Whether there is a daemon to start containers with."""
    try:
        client = docker.from_env(timeout=5)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except DockerException:
        return False
    finally:
        client.close()


class ContainerKafka:
    """One node in a container that lives as long as the `with` block."""

    def __init__(self) -> None:
        self._container = DockerContainer(os.environ.get("SCRUBBER_TEST_KAFKA_IMAGE", IMAGE))
        port = free_port()
        self.bootstrap = f"{self._container.get_docker_client().host()}:{port}"
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": "1@localhost:9093",
            "controller.listener.names": "CONTROLLER",
            # The broker checks transactions over the address it advertises for itself. The clients' is a port of the
            # host that cannot be reached from inside: without a listener of its own the first commit times out.
            "inter.broker.listener.name": "INTERNAL",
            "listeners": "CLIENT://:9092,INTERNAL://localhost:19092,CONTROLLER://:9093",
            "advertised.listeners": f"CLIENT://{self.bootstrap},INTERNAL://localhost:19092",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            **broker_settings(nodes=1),
        }
        self._container.with_bind_ports(9092, port)
        for key, value in settings.items():
            self._container.with_env("KAFKA_" + key.replace(".", "_").upper(), value)

    def log_tail(self) -> str:
        """The end of what the container wrote."""
        return "\n".join(part.decode(errors="replace") for part in self._container.get_logs())[-LOG_TAIL_CHARACTERS:]

    def __enter__(self) -> Self:
        self._container.start()
        try:
            self._wait_ready()
        except BaseException:
            self._container.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.stop()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_SECS
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 500})
        while True:
            try:
                if admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                self._container.reload()
                if self._container.status == "exited" or time.monotonic() > deadline:
                    raise BrokerFailed(
                        f"Kafka in a container did not start. Its log ends:\n{self.log_tail()}"
                    ) from None
