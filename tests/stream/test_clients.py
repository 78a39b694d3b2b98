"""What librdkafka is told, and what nobody may tell it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from confluent_kafka import KafkaError, Producer
from hypothesis import given
from hypothesis import strategies as st

from scrubber.stream.clients import (
    REFUSED,
    ClientLog,
    KafkaClients,
    _guarded,
    consumer_properties,
    producer_properties,
    refused_extra,
    rejected_by_librdkafka,
)
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings

KAFKA = KafkaSettings(bootstrap_servers="192.0.2.1:9092", group_id="logs", transactional_id="scrubber-logs-0")
SETTINGS = StreamSettings(kafka=KAFKA, routes=(Route("apps", topics=("app.raw",)),))


def with_kafka(**changes):
    return replace(SETTINGS, kafka=replace(KAFKA, **changes))


@pytest.fixture(scope="module")
def mock_cluster():
    """librdkafka's own mock broker; it lives as long as this producer."""
    producer = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1}, logger=ClientLog("mock"))
    yield ",".join(f"{broker.host}:{broker.port}" for broker in producer.list_topics(timeout=10).brokers.values())
    producer.close()


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_librdkafka_accepts_what_it_is_given(delivery, protocol):
    settings = replace(with_kafka(group_protocol=protocol, group_instance_id="pod-0"), delivery=delivery)
    assert rejected_by_librdkafka(settings) == []


@given(key=st.sampled_from(sorted(REFUSED)), value=st.sampled_from(["none", "true", 1, 0, False]))
def test_no_extra_property_gets_past_a_promise(key, value):
    (problem,) = refused_extra({key: value})
    assert problem.path == f"kafka.extra.{key}"
    assert problem.hint


@pytest.mark.parametrize(
    "key", ["error_cb", "stats_cb", "oauth_cb", "test.mock.num.brokers", "ssl.key.pem", "ssl.keystore.password"]
)
def test_callbacks_mock_clusters_and_secrets_are_refused_by_the_look_of_their_name(key):
    assert [problem.path for problem in refused_extra({key: "x"})] == [f"kafka.extra.{key}"]


def test_a_promise_holds_even_if_an_extra_property_was_not_refused():
    extra = {
        "enable.auto.commit": True,
        "enable.auto.offset.store": True,
        "isolation.level": "read_uncommitted",
        "enable.idempotence": False,
        "delivery.report.only.error": False,
        "transactional.id": "somebody-else",
        "group.id": "somebody-else",
        "metadata.recovery.strategy": "rebootstrap",
    }
    settings = with_kafka(extra=extra)
    consumer, producer = consumer_properties(settings), producer_properties(settings)
    assert (consumer["enable.auto.commit"], consumer["enable.auto.offset.store"]) == (False, False)
    assert consumer["isolation.level"] == "read_committed"
    assert consumer["group.id"] == "logs"
    assert (producer["enable.idempotence"], producer["delivery.report.only.error"]) == (True, True)
    assert producer["transactional.id"] == "scrubber-logs-0"


def test_tuning_of_the_user_wins_over_ours():
    settings = with_kafka(extra={"linger.ms": 50, "fetch.queue.backoff.ms": 10, "client.rack": "a"})
    assert rejected_by_librdkafka(settings) == []
    assert producer_properties(settings)["linger.ms"] == 50
    assert consumer_properties(settings)["fetch.queue.backoff.ms"] == 10


def test_only_exactly_once_is_transactional():
    assert "transactional.id" in producer_properties(SETTINGS)
    assert "transactional.id" not in producer_properties(replace(SETTINGS, delivery="at_least_once"))


@given(timeout_ms=st.integers(1_000, 900_000))
def test_a_message_fails_before_its_transaction_times_out(timeout_ms):
    properties = producer_properties(with_kafka(transaction_timeout_ms=timeout_ms))
    assert 0 < properties["message.timeout.ms"] < properties["transaction.timeout.ms"] == timeout_ms


def test_every_unknown_or_impossible_extra_property_is_named_at_once():
    problems = rejected_by_librdkafka(
        with_kafka(extra={"linger.msec": 5, "linger.ms": -1, "ssl.nonsense": "x", "client.rack": "a"})
    )
    assert [problem.path for problem in problems] == [
        "kafka.extra.linger.msec",
        "kafka.extra.linger.ms",
        "kafka.extra.ssl.nonsense",
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"extra": {"max.in.flight": 6}}, "kafka.extra.max.in.flight"),
        ({"extra": {"heartbeat.interval.ms": 500}, "group_protocol": "consumer"}, "kafka.extra.heartbeat.interval.ms"),
        ({"session_timeout_ms": 45_000, "max_poll_interval_ms": 30_000}, "kafka"),
    ],
)
def test_contradictions_are_found_before_any_broker_is_asked(changes, path):
    (problem,) = rejected_by_librdkafka(with_kafka(**changes))
    assert problem.path == path


def test_asking_librdkafka_needs_no_token_and_no_broker():
    security = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "http://127.0.0.1:1/token",
        "sasl.oauthbearer.client.id": "me",
        "sasl.oauthbearer.client.secret": "sesame",
    }
    started = time.monotonic()
    assert rejected_by_librdkafka(with_kafka(security=security)) == []
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("file", ["ca", "certificate", "key"])
def test_a_certificate_that_is_none_is_found_before_any_broker_is_asked(tmp_path, file):
    (tmp_path / "pem").write_text("not a certificate")
    security = {"security.protocol": "SASL_SSL", f"ssl.{file}.location": str(tmp_path / "pem")}
    (problem,) = rejected_by_librdkafka(with_kafka(security=security))
    assert problem.path == "kafka.security.tls"
    assert f"ssl.{file}.location" in problem.message


def test_secrets_are_not_in_any_repr():
    assert "sesame" not in repr(with_kafka(security={"sasl.password": "sesame"}, extra={"x": "sesame"}))


def test_only_failed_deliveries_are_reported(mock_cluster):
    failed = []
    settings = replace(with_kafka(bootstrap_servers=mock_cluster), delivery="at_least_once")
    producer = KafkaClients(settings).producer(lambda _: None, lambda error, message: failed.append((error, message)))
    producer.produce("app.clean", b"x", partition=0)
    assert producer.flush(10) == 0
    assert failed == []
    producer.produce("app.clean", b"x" * 2_000_000, partition=0)  # over the default limit of librdkafka, not over ours
    assert producer.flush(10) == 0
    assert failed == []
    producer.close()


def test_a_delivery_that_fails_reaches_the_worker():
    failed = []
    settings = replace(
        with_kafka(bootstrap_servers="127.0.0.1:1", transaction_timeout_ms=1_200), delivery="at_least_once"
    )
    producer = KafkaClients(settings).producer(
        lambda _: None, lambda error, message: failed.append((error.code(), message.topic()))
    )
    producer.produce("app.clean", b"x")
    assert producer.flush(10) == 0
    assert failed == [(KafkaError._MSG_TIMED_OUT, "app.clean")]
    producer.close()


def test_errors_reach_the_worker_and_an_exception_there_does_not_come_back():
    seen = []

    def on_error(error):
        seen.append(error.code())
        raise ValueError("boom")

    consumer = KafkaClients(with_kafka(bootstrap_servers="127.0.0.1:1")).consumer(on_error)
    deadline = time.monotonic() + 10
    while not seen and time.monotonic() < deadline:
        assert consumer.consume(1, 0.1) == []
    consumer.close()
    assert KafkaError._TRANSPORT in seen


def test_a_guarded_callback_swallows_exceptions():
    def broken(_error):
        raise ValueError("boom")

    _guarded(broken)(KafkaError(KafkaError._TRANSPORT))


def test_a_broken_log_costs_no_records():
    log = ClientLog("consumer")

    class Broken:
        def log(self, *args, **kwargs):
            raise OSError("disk full")

    log._log = Broken()
    log.log(30, "%s [%s] %s", "CONFWARN", "rdkafka#consumer-1", "text")
