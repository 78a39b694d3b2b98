"""The lab's own promises: a local Kafka starts, crashes, comes back with its data, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.kafka_lab.local import LocalKafka
from tests.kafka_lab.settings import BrokerFailed
from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic, unique

pytestmark = pytest.mark.kafka


def test_records_come_back_as_they_were_sent(kafka):
    topic = create_topic(kafka.bootstrap, "echo", partitions=2)
    produce(kafka.bootstrap, topic, [Sent(b"one", b"key", 0, [("h", b"1")], 1_700_000_000_000), Sent(None, b"key", 1)])
    first, second = read_topic(kafka.bootstrap, topic)
    assert (first.value(), first.key(), first.partition(), first.headers()) == (b"one", b"key", 0, [("h", b"1")])
    assert first.timestamp()[1] == 1_700_000_000_000
    assert (second.value(), second.partition()) == (None, 1)


def test_a_transaction_is_hidden_until_it_is_committed(kafka):
    topic = create_topic(kafka.bootstrap, "txn", partitions=1)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": unique("txn"), "log_level": 2})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"aborted")
    producer.flush(30)
    producer.abort_transaction(30)
    producer.begin_transaction()
    producer.produce(topic, b"kept")
    producer.flush(30)
    assert read_topic(kafka.bootstrap, topic) == []
    assert [m.value() for m in read_topic(kafka.bootstrap, topic, committed=False)] == [b"aborted", b"kept"]
    producer.commit_transaction(30)
    assert [m.value() for m in read_topic(kafka.bootstrap, topic)] == [b"kept"]


def test_data_and_port_survive_a_crash_and_a_restart():
    with LocalKafka(overrides={"broker.session.timeout.ms": "1500"}) as kafka:  # a dead node is forgotten sooner
        bootstrap, node = kafka.bootstrap, kafka.nodes[0]
        topic = create_topic(bootstrap, "kept", partitions=1)
        produce(bootstrap, topic, [b"before the crash"])
        node.kill()
        assert not node.running
        node.start()
        kafka.wait_ready()
        produce(bootstrap, topic, [b"after the crash"])
        node.terminate()
        node.start()
        kafka.wait_ready()
        assert kafka.bootstrap == bootstrap
        assert [m.value() for m in read_topic(bootstrap, topic)] == [b"before the crash", b"after the crash"]


def test_three_nodes_take_writes_for_every_partition_while_one_is_dead(kafka3):
    topic = create_topic(kafka3.bootstrap, "replicated", partitions=3)
    kafka3.nodes[1].kill()
    produce(kafka3.bootstrap, topic, [Sent(b"%d" % partition, partition=partition) for partition in range(3)])
    kafka3.nodes[1].start()
    kafka3.wait_ready()
    assert [m.value() for m in read_topic(kafka3.bootstrap, topic)] == [b"0", b"1", b"2"]


def test_a_broker_that_cannot_start_says_why_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(BrokerFailed, match=r"num\.partitions"):
        LocalKafka(overrides={"num.partitions": "many"}).start()
    assert list(tmp_path.iterdir()) == []


OWNER = """
from tests.kafka_lab.local import LocalKafka
kafka = LocalKafka().start()
print(kafka.nodes[0].process.pid, flush=True)
input()
"""


def test_nothing_outlives_an_owner_that_is_killed(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())},
    )
    broker = int(owner.stdout.readline())
    assert Path(f"/proc/{broker}").exists()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 15
    while Path(f"/proc/{broker}").exists() or list(tmp_path.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
