"""What each Kafka error means for the worker: one table."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from scrubber.stream import faults
from scrubber.stream.faults import Verdict
from tests.fakes import errors


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (errors.fatal(KafkaError._FENCED), Verdict.FENCED),
        (errors.abortable(KafkaError._FENCED), Verdict.FENCED),  # fenced may look abortable
        (errors.fatal(KafkaError.PRODUCER_FENCED), Verdict.FENCED),
        (errors.abortable(KafkaError.TOPIC_AUTHORIZATION_FAILED), Verdict.REFUSED),
        (errors.fatal(KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED), Verdict.REFUSED),
        (errors.plain(KafkaError._AUTHENTICATION), Verdict.REFUSED),
        (errors.abortable(KafkaError._UNKNOWN_TOPIC), Verdict.TOPIC_UNKNOWN),
        (errors.plain(KafkaError.UNKNOWN_TOPIC_OR_PART), Verdict.TOPIC_UNKNOWN),
        (errors.plain(KafkaError._UNKNOWN_PARTITION), Verdict.REFUSED),
        (errors.fatal(KafkaError.INVALID_TRANSACTION_TIMEOUT), Verdict.REFUSED),
        (errors.abortable(KafkaError.ILLEGAL_GENERATION), Verdict.ABORT),
        (errors.abortable(KafkaError.UNKNOWN_MEMBER_ID), Verdict.ABORT),
        (errors.abortable(KafkaError.MSG_SIZE_TOO_LARGE), Verdict.ABORT),
        (errors.plain(KafkaError._STATE), Verdict.ABORT),  # produce() after a failed delivery: no flag at all
        (errors.plain(KafkaError._TIMED_OUT), Verdict.REBUILD),
        (errors.retriable(KafkaError._TIMED_OUT), Verdict.REBUILD),  # retriable: the outcome is unknown
        (errors.fatal(KafkaError.INVALID_TXN_STATE), Verdict.REBUILD),
        (errors.plain(KafkaError._FATAL), Verdict.REBUILD),  # until `poll` has told the cause
    ],
)
def test_verdict(error, verdict):
    assert faults.verdict(faults.kafka_error(error)) is verdict


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (errors.plain(KafkaError.GROUP_AUTHORIZATION_FAILED), True),
        (errors.fatal(KafkaError.FENCED_INSTANCE_ID), True),
        (errors.plain(KafkaError.UNKNOWN_TOPIC_OR_PART), False),
        (errors.plain(KafkaError._ALL_BROKERS_DOWN), False),
    ],
)
def test_only_what_time_cannot_mend_ends_the_consumer(error, refused):
    assert faults.consumer_refused(faults.kafka_error(error)) is refused


def test_of_a_refused_batch_the_largest_message_of_each_topic_is_to_blame():
    def failed(topic: str, size: int, code: int = KafkaError.MSG_SIZE_TOO_LARGE) -> faults.Undelivered:
        return faults.undelivered(KafkaError(code), Message(topic=topic, value=b"v" * (size - 1), key=b"k"))

    failures = [failed("a", 10), failed("a", 900), failed("b", 20), failed("c", 30, KafkaError._MSG_TIMED_OUT)]
    assert faults.largest_refused(failures) == {"a": 900, "b": 20}


def test_the_error_inside_an_exception():
    error = KafkaError(KafkaError._FENCED)
    assert faults.kafka_error(KafkaException(error)) is error
    assert faults.code_name(error) == "_FENCED"
