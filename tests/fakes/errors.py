"""The errors of confluent-kafka by what they carry, for the fake to raise and for tests to inject."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException


def plain(code: int, reason: str = "injected") -> KafkaException:
    """Neither flag: nobody may guess what happened."""
    return KafkaException(KafkaError(code, reason))


def retriable(code: int, reason: str = "injected") -> KafkaException:
    """The same call may be made again."""
    return KafkaException(KafkaError(code, reason, retriable=True))


def abortable(code: int, reason: str = "injected") -> KafkaException:
    """The transaction must be aborted; the producer lives on."""
    return KafkaException(KafkaError(code, reason, txn_requires_abort=True))


def fatal(code: int, reason: str = "injected") -> KafkaException:
    """The client is done for."""
    return KafkaException(KafkaError(code, reason, fatal=True))


def timed_out() -> KafkaException:
    """A transactional call that ran out of time: it goes on in the background and may be called again."""
    return retriable(KafkaError._TIMED_OUT, "timed out")


def fenced() -> KafkaException:
    """Another producer has the transactional id: what commit, abort and poll raise."""
    return fatal(KafkaError._FENCED, "fenced by a newer producer")


def hidden_fatal() -> KafkaException:
    """What `produce` raises once the producer has a fatal error: it does not look fatal. `poll` tells the true one."""
    return plain(KafkaError._FATAL, "fatal error")


__all__ = ["abortable", "fatal", "fenced", "hidden_fatal", "plain", "retriable", "timed_out"]
