"""What a Kafka error means for the worker: decided here and nowhere else.

The order of the questions was measured by injecting error codes into librdkafka 2.16 at every transactional request:
being fenced may carry the abortable flag, so it is asked first; `retriable()` never reaches Python in a transaction;
whatever is neither fenced, refused nor abortable has an unknown outcome, and only a new producer can settle it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException


class Undelivered(NamedTuple):
    """A delivery that failed for good: why, where to, and how many bytes of key and value."""

    error: KafkaError
    topic: str
    size: int


class Verdict(Enum):
    """What to do about an error in a transaction."""

    ABORT = "abort"
    REBUILD = "rebuild"
    FENCED = "fenced"
    REFUSED = "refused"
    TOPIC_UNKNOWN = "topic unknown"


FENCED = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED})  # noqa: SLF001 - the client names its own codes so
UNAUTHORIZED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError._AUTHENTICATION,  # noqa: SLF001
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_VERSION,
    }
)
UNDELIVERABLE = frozenset({KafkaError.INVALID_TRANSACTION_TIMEOUT, KafkaError._UNKNOWN_PARTITION})  # noqa: SLF001
# A producer waits half a minute for a topic that it has never seen. One that it has seen is unknown to it at once when
# one node, just started, has not learnt of the topic yet.
TOPIC_UNKNOWN = frozenset({KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART})  # noqa: SLF001
# A failed delivery has put the transaction in error already: `produce` says no, without any flag, and an abort tells
# whether the producer itself is well.
BETWEEN_STATES = frozenset({KafkaError._STATE})  # noqa: SLF001
TOO_LARGE = KafkaError.MSG_SIZE_TOO_LARGE


def verdict(error: KafkaError) -> Verdict:
    """Class an error of a transactional call or of a delivery inside a transaction."""
    if error.code() in FENCED:
        return Verdict.FENCED
    if error.code() in UNAUTHORIZED | UNDELIVERABLE:
        return Verdict.REFUSED
    if error.code() in TOPIC_UNKNOWN:
        return Verdict.TOPIC_UNKNOWN
    if error.txn_requires_abort() or error.code() in BETWEEN_STATES:
        return Verdict.ABORT
    return Verdict.REBUILD


def consumer_refused(error: KafkaError) -> bool:
    """Whether the cluster will never serve this consumer as it is. (A topic that is missing may still come.)"""
    return error.fatal() or error.code() in UNAUTHORIZED


def kafka_error(exception: KafkaException) -> KafkaError:
    """Return the `KafkaError` inside an exception of the client."""
    error = exception.args[0]
    assert isinstance(error, KafkaError), "A KafkaException without a KafkaError. This is a bug."
    return error


def code_name(error: KafkaError) -> str:
    """Return the symbolic code (`_FENCED`, `MSG_SIZE_TOO_LARGE`): safe to log, unlike some broker messages."""
    return str(error.name())


def undelivered(error: KafkaError, message: Any) -> Undelivered:
    """Note a failed delivery without keeping the message."""
    return Undelivered(error, str(message.topic()), len(message.key() or b"") + len(message.value() or b""))


def largest_refused(failures: Iterable[Undelivered]) -> dict[str, int]:
    """Size of the largest message of each topic that was refused for its size.

    A batch that is too large fails whole: the largest message in it is the one that cannot pass.
    """
    largest: dict[str, int] = {}
    for failure in failures:
        if failure.error.code() == TOO_LARGE:
            largest[failure.topic] = max(failure.size, largest.get(failure.topic, 0))
    return largest
