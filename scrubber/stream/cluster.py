"""What a cluster says about itself: topics, partitions, permissions and limits, each asked with a time limit.

Answers are plain values; errors of single topics are part of the answer (`Refusal`), so that all can be told at once.
Nothing here changes the cluster but `create`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from enum import Enum
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, ConfigResource, NewTopic, ResourceType  # type: ignore[attr-defined]

from scrubber.errors import FatalStreamError, RetriableStreamError
from scrubber.stream.clients import KafkaClients, without_body
from scrubber.stream.settings import StreamSettings

TIMEOUT_SECS: Final = 10.0
_ASK_SECS = 1.0  # metadata is asked for again and again: a refused password shows in between, not at the end
_REFUSED = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED)  # noqa: SLF001 - the client's own names
# An authentication error as well, but no broker was asked, and the token endpoint may come back.
_NO_TOKEN = "OAUTHBEARER token"  # noqa: S105 - words of a message
# Anything else may pass: too few brokers are up for the replication factor, the controller moves, time is up.
_NEVER_CREATED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.POLICY_VIOLATION,
        KafkaError.INVALID_PARTITIONS,
        KafkaError.INVALID_CONFIG,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.INVALID_REQUEST,
        KafkaError.UNSUPPORTED_VERSION,
    }
)
_MAX_MESSAGE_BYTES = "max.message.bytes"


class Refusal(Enum):
    """Why there is no answer about one topic or group."""

    MISSING = "does not exist"
    FORBIDDEN = "may not be described"


class Topic(NamedTuple):
    """Partition count of a topic, and what this worker may do with it (None: the cluster does not say)."""

    partitions: int
    allowed: frozenset[str] | None


class Cluster:
    """Asks one cluster. Use as a context manager: `with Cluster(settings) as cluster`.

    Entering connects. Raises `FatalStreamError` where the brokers refuse the credentials, `RetriableStreamError` where
    none answers; both say in words what seems to be wrong.
    """

    def __init__(self, settings: StreamSettings, timeout_secs: float = TIMEOUT_SECS) -> None:
        self._protocol = settings.kafka.security.get("security.protocol", "PLAINTEXT")
        self._timeout_secs = timeout_secs
        self._errors: list[KafkaError] = []
        # Held until the end: a client that is collected fails the futures that are still open.
        try:
            self._admin = KafkaClients(settings).admin(self._errors.append)
        except KafkaException as exception:
            raise FatalStreamError(f"the client cannot be made: {exception.args[0].str()}") from exception

    def __enter__(self) -> Self:
        """Connect."""
        deadline = time.monotonic() + self._timeout_secs
        while True:
            try:
                self._admin.list_topics(timeout=_ASK_SECS)
            except KafkaException as exception:
                self._admin.poll(0)  # runs the callback that fills `_errors`
                refused = [error for error in self._errors if error.code() in _REFUSED and _NO_TOKEN not in error.str()]
                if refused:
                    message = f"the brokers refuse the credentials: {_told(refused[0])}"
                    raise FatalStreamError(message, refused[0].name()) from exception
                if time.monotonic() > deadline:
                    message = f"no broker can be used: {self._guess()}"
                    raise RetriableStreamError(message, exception.args[0].name()) from exception
                time.sleep(0.1)  # a broker that hangs up at once must not be asked in a busy loop
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close: the client ends with the object."""

    def names(self) -> list[str]:
        """Return the topics that this worker may know of."""
        try:
            return sorted(self._admin.list_topics(timeout=self._timeout_secs).topics)
        except KafkaException as exception:
            raise _retriable(exception) from exception

    def topics(self, names: Iterable[str]) -> dict[str, Topic | Refusal]:
        """Describe topics."""
        if not (wanted := sorted(set(names))):  # none asked for would be all
            return {}
        futures = self._admin.describe_topics(
            TopicCollection(wanted), include_authorized_operations=True, request_timeout=self._timeout_secs
        )
        answers = {name: self._answer(future) for name, future in futures.items()}
        return {
            name: answer
            if isinstance(answer, Refusal)
            else Topic(len(answer.partitions), _allowed(answer.authorized_operations))
            for name, answer in answers.items()
        }

    def group(self, group_id: str) -> frozenset[str] | Refusal | None:
        """Return what this worker may do with a group, which need not exist (None: the cluster does not say)."""
        deadline = time.monotonic() + self._timeout_secs
        while True:
            futures = self._admin.describe_consumer_groups(
                [group_id], include_authorized_operations=True, request_timeout=self._timeout_secs
            )
            try:
                answer = self._answer(futures[group_id])
            except RetriableStreamError:  # for a while after its start a broker does not answer for groups
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return answer if isinstance(answer, Refusal) else _allowed(answer.authorized_operations)

    def message_limits(self, names: Iterable[str]) -> dict[str, int]:
        """Return the largest record batch of each topic, bytes; without those whose configuration may not be read."""
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in sorted(set(names))]
        if not resources:
            return {}
        futures = self._admin.describe_configs(resources, request_timeout=self._timeout_secs)
        answers = {resource.name: self._answer(future) for resource, future in futures.items()}
        return {
            name: int(answer[_MAX_MESSAGE_BYTES].value)
            for name, answer in answers.items()
            if not isinstance(answer, Refusal)
        }

    def create(self, partitions: Mapping[str, int], replication: int) -> None:
        """Create topics and wait until they are there; one that exists by now is no error.

        Raises `FatalStreamError` where that is refused.
        """
        if not partitions:
            return
        topics = [NewTopic(name, count, replication) for name, count in partitions.items()]
        for name, future in self._admin.create_topics(topics, request_timeout=self._timeout_secs).items():
            try:
                future.result(self._timeout_secs)
            except FutureTimeoutError as late:
                raise RetriableStreamError(f"topic {name} was not created in time") from late
            except KafkaException as exception:
                error = exception.args[0]
                if error.code() in _NEVER_CREATED:
                    message = f"topic {name} cannot be created: {error.str()}"
                    raise FatalStreamError(message, error.name()) from exception
                if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise _retriable(exception) from exception
        self._wait_until_known(partitions)

    def _wait_until_known(self, names: Iterable[str]) -> None:
        """A topic that was just created is unknown to some brokers for a moment."""
        deadline = time.monotonic() + self._timeout_secs
        while unknown := [name for name, topic in self.topics(names).items() if topic is Refusal.MISSING]:
            if time.monotonic() > deadline:
                raise RetriableStreamError(f"created, but not there yet: {', '.join(unknown)}")
            time.sleep(0.1)

    def _answer(self, future: Future[Any]) -> Any:
        try:
            return future.result(self._timeout_secs + _ASK_SECS)
        except FutureTimeoutError as late:
            raise RetriableStreamError("the brokers do not answer in time") from late
        except KafkaException as exception:
            code = exception.args[0].code()
            if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return Refusal.MISSING
            if code in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}:
                return Refusal.FORBIDDEN
            raise _retriable(exception) from exception

    def _guess(self) -> str:
        """What librdkafka told while it tried, and what usually is behind it (tried out on Kafka 4.1)."""
        told = [_told(error) for error in self._errors if error.code() != KafkaError._ALL_BROKERS_DOWN]  # noqa: SLF001
        if all("Disconnected" in text for text in told):
            return f"they hang up; is {self._protocol} (kafka.security.protocol) what they speak?"
        if "certificate verify failed" in (text := " ".join(told)):
            return "their certificate cannot be verified; is kafka.security.tls.ca_file the authority that signed it?"
        if "alert" in text and "certificate" in text:
            return "they refuse the certificate of this worker, or miss one; see kafka.security.tls.cert_file"
        return told[-1]


def _told(error: KafkaError) -> str:
    """The text without the client's state (`(after 5ms in state ...)`) and without a token endpoint's answer."""
    return without_body(error.str()).partition(" (after ")[0]


def _allowed(operations: Sequence[AclOperation] | None) -> frozenset[str] | None:
    return None if operations is None else frozenset(operation.name for operation in operations)


def _retriable(exception: KafkaException) -> RetriableStreamError:
    error = exception.args[0]
    return RetriableStreamError(f"the brokers do not answer: {error.str()}", error.name())
