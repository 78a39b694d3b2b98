"""A Kafka to test against, wherever the tests run.

In this order: the cluster that `SCRUBBER_TEST_BOOTSTRAP` names; a container where a Docker daemon answers; otherwise
Apache Kafka as a local process. Where none of that can be had it fails and says what to install: nothing is skipped.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from confluent_kafka.admin import AdminClient
from docker.errors import DockerException

from tests.kafka_lab.container import ContainerKafka, docker_answers
from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.topics import RUN, delete_topics


class Kafka(Protocol):
    """A running cluster that lets everybody in."""

    @property
    def bootstrap(self) -> str:
        """What a client's `bootstrap.servers` takes."""

    def log_tail(self) -> str:
        """The end of the broker's log, where it can be had."""


class ForeignKafka:
    """A cluster that somebody else runs: only this run's topics are removed from it afterwards."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def log_tail(self) -> str:
        return f"the log is kept by whoever runs {self.bootstrap}"

    def clean_up(self) -> None:
        topics = AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(timeout=30).topics
        if ours := [topic for topic in topics if topic.startswith(RUN)]:
            delete_topics(self.bootstrap, ours)


@contextmanager
def any_kafka() -> Iterator[Kafka]:
    """The first Kafka that can be had.

    Raises:
        Unavailable: there is none; the message says what to install.
        BrokerFailed: there is one, and it does not start.
    """
    if bootstrap := os.environ.get("SCRUBBER_TEST_BOOTSTRAP"):
        foreign = ForeignKafka(bootstrap)
        try:
            yield foreign
        finally:
            foreign.clean_up()
    else:
        with ExitStack() as stack:
            yield _container(stack) or stack.enter_context(LocalKafka())


def _container(stack: ExitStack) -> Kafka | None:
    if not docker_answers():
        return None
    try:
        return stack.enter_context(ContainerKafka())
    except DockerException as trouble:  # no image and no way to pull it, say
        warnings.warn(f"a Docker daemon answers, but: {trouble}. Kafka runs as a local process instead.", stacklevel=2)
        return None
