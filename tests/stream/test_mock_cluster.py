"""The mock cluster of the demo: what it is asked for is there, it obeys, and it never outlives its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from scrubber.stream.mock_cluster import Api, MockCluster
from tests.kafka_lab.topics import Sent, produce, read_topic


def test_topics_have_the_partitions_that_were_asked_for_and_keep_records():
    with MockCluster({"raw": 6, "clean": 3}) as bootstrap:
        topics = Producer({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics
        assert {name: len(topic.partitions) for name, topic in topics.items()} == {"raw": 6, "clean": 3}
        produce(bootstrap, "raw", [Sent(b"value", b"key", 5, [("h", b"1")])])
        (message,) = read_topic(bootstrap, "raw")
        assert (message.value(), message.key(), message.partition(), message.headers()) == (
            b"value",
            b"key",
            5,
            [("h", b"1")],
        )


def test_a_request_fails_as_told_and_then_passes():
    cluster = MockCluster({"raw": 1})
    with cluster as bootstrap:
        cluster.fail_next(Api.PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
        with pytest.raises(KafkaException) as refused:
            produce({"bootstrap.servers": bootstrap, "enable.idempotence": False}, "raw", [b"x"])
        assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        cluster.fail_next(Api.PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
        cluster.clear_failures(Api.PRODUCE)
        produce(bootstrap, "raw", [b"y"])
        assert [m.value() for m in read_topic(bootstrap, "raw")] == [b"y"]


def test_a_broker_goes_down_comes_up_and_slows_down():
    cluster = MockCluster({"raw": 1}, brokers=2)
    with cluster as bootstrap:
        for broker in (1, 2):
            cluster.take_down(broker)
        with pytest.raises(KafkaException):
            Producer({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=0.5)
        for broker in (1, 2):
            cluster.bring_up(broker)
            cluster.slow_down(200, broker)
        begun = time.monotonic()
        assert Producer({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=10).topics
        assert time.monotonic() - begun >= 0.2


def test_an_order_it_cannot_carry_out_is_an_error():
    cluster = MockCluster({"raw": 1})
    with cluster, pytest.raises(OSError, match="refused 'down'"):
        cluster.take_down(7)
    with pytest.raises(OSError, match="not running"):
        cluster.take_down(1)


OWNER = """
from scrubber.stream.mock_cluster import MockCluster
cluster = MockCluster({"raw": 1})
cluster.__enter__()
print(cluster._process.pid, flush=True)
input()
"""


def test_it_never_outlives_an_owner_that_is_killed():
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process = Path("/proc") / owner.stdout.readline().decode().strip()
    assert process.exists()
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 10
    while process.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
