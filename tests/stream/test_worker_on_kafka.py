"""`scrubber run` as a process of its own on Apache Kafka: what users rely on, seen from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic, unique

WAIT_SECS = 120


class Flow:
    """Input and output topics of one test, and the configuration of a worker on them."""

    def __init__(self, bootstrap: str, folder, *, outputs: bool = True, **sections) -> None:
        self.bootstrap = bootstrap
        self.folder = folder
        self.source = create_topic(bootstrap, "raw", 2)
        names = ("clean", "audit", "quarantine")
        made = [create_topic(bootstrap, name, 2) if outputs else unique(name) for name in names]
        self.clean, self.audit, self.quarantine = made
        self.group = unique("group")
        self.settings = {
            "kafka": {"bootstrap_servers": bootstrap, "group_id": self.group, "session_timeout_ms": 6_000},
            "routes": [{"topics": [self.source], **dict(zip(names, made, strict=True))}],
            "chunk": {"max_records": 50, "max_wait_ms": 20},
            "logging": {"format": "json"},
            "model": "none",
        }
        for name, section in sections.items():
            self.settings[name] = {**self.settings.get(name, {}), **section} if isinstance(section, dict) else section

    @contextmanager
    def worker(self, **kafka) -> Iterator[subprocess.Popen[str]]:
        settings = {**self.settings, "kafka": {**self.settings["kafka"], **kafka}}
        file = self.folder / f"{unique('worker')}.yaml"
        file.write_text(yaml.safe_dump(settings))
        log = file.with_suffix(".log")
        with log.open("w") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "scrubber.cli", "run", "--config", str(file)], stderr=sink
            )
            process.log = log
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def committed(self) -> int:
        """Next offsets that the group has committed, summed over the partitions."""
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.group})
        places = reader.committed([TopicPartition(self.source, number) for number in range(2)], timeout=30)
        reader.close()
        return sum(max(place.offset, 0) for place in places)

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + WAIT_SECS
        while self.committed() < count:
            assert time.monotonic() < deadline, f"{self.committed()} of {count} records are committed"
            time.sleep(0.1)


def events(process, name: str) -> list[dict]:
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    return [line for line in lines if line["event"] == name]


def stop(process) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def records(count: int, start: int = 0) -> list[Sent]:
    return [
        Sent(b"%d mail to bob%d@mail.example" % (number, number), b"key-%d" % number, number % 2)
        for number in range(start, start + count)
    ]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"kafka": {}}, id="cooperative-sticky"),
        pytest.param({"kafka": {"assignment": "range"}}, id="range"),
        pytest.param({"kafka": {"group_protocol": "consumer"}}, id="consumer protocol"),
        pytest.param({"delivery": "at_least_once"}, id="at least once"),
    ],
)
def test_what_goes_in_comes_out_clean_once_and_in_order(kafka, tmp_path, how):
    flow = Flow(kafka.bootstrap, tmp_path, **how)
    if "group_protocol" in flow.settings["kafka"]:
        del flow.settings["kafka"]["session_timeout_ms"]
    produce(kafka.bootstrap, flow.source, records(200))
    with flow.worker() as worker:
        flow.wait_for(200)
        assert stop(worker) == 0, worker.log.read_text()
    clean = read_topic(kafka.bootstrap, flow.clean)
    for partition in range(2):
        values = [message.value() for message in clean if message.partition() == partition]
        assert values == [b"%d mail to <EMAIL>" % number for number in range(partition, 200, 2)]
    assert len(read_topic(kafka.bootstrap, flow.audit)) == 200
    assert read_topic(kafka.bootstrap, flow.quarantine) == []


def test_key_headers_timestamp_and_tombstones_survive(kafka, tmp_path):
    flow = Flow(kafka.bootstrap, tmp_path)
    headers = [("trace", b"abc"), ("empty", None), ("from", b"bob@mail.example")]
    sent = [Sent(b"plain", b"k", 0, headers, 1_700_000_000_123), Sent(None, b"gone", 0), Sent(b"", None, 0)]
    produce(kafka.bootstrap, flow.source, sent)
    with flow.worker():
        flow.wait_for(3)
    plain, tombstone, empty = read_topic(kafka.bootstrap, flow.clean)
    assert (plain.key(), plain.value(), plain.timestamp()[1]) == (b"k", b"plain", 1_700_000_000_123)
    assert plain.headers()[:3] == [("trace", b"abc"), ("empty", None), ("from", b"<EMAIL>")]
    assert plain.headers()[3][0] == "scrubber-policy"
    assert (tombstone.key(), tombstone.value()) == (b"gone", None)
    assert empty.value() == b""


def test_topics_by_pattern_and_missing_outputs_created_with_as_many_partitions(kafka, tmp_path):
    flow = Flow(kafka.bootstrap, tmp_path, outputs=False, create_topics=True)
    sources = [create_topic(kafka.bootstrap, "raw", 3) for _ in range(2)]
    flow.settings["routes"] = [{"pattern": "|".join(sources), "clean": "{topic}.clean"}]
    for source in sources:
        produce(kafka.bootstrap, source, [Sent(b"bob@mail.example", None, number) for number in range(3)])
    with flow.worker() as worker:
        deadline = time.monotonic() + WAIT_SECS
        topics = {}
        while time.monotonic() < deadline and not all(f"{source}.clean" in topics for source in sources):
            topics = AdminClient({"bootstrap.servers": kafka.bootstrap}).list_topics(timeout=30).topics
            time.sleep(0.1)
        assert [len(topics[f"{source}.clean"].partitions) for source in sources] == [3, 3]
        while time.monotonic() < deadline and len(read_topic(kafka.bootstrap, f"{sources[1]}.clean")) < 3:
            time.sleep(0.2)
        assert stop(worker) == 0
    for source in sources:
        assert [message.value() for message in read_topic(kafka.bootstrap, f"{source}.clean")] == [b"<EMAIL>"] * 3


def test_a_static_member_comes_back_without_a_rebalance(kafka, tmp_path):
    flow = Flow(kafka.bootstrap, tmp_path)
    produce(kafka.bootstrap, flow.source, records(20))
    with flow.worker(group_instance_id="a", session_timeout_ms=60_000) as first:
        flow.wait_for(20)
        with flow.worker(group_instance_id="b", session_timeout_ms=60_000) as second:
            deadline = time.monotonic() + WAIT_SECS
            while not any(event["partitions"] for event in events(second, "partitions_assigned")):
                assert time.monotonic() < deadline, "the second member was given nothing"
                time.sleep(0.1)
            assigned = events(second, "partitions_assigned")
            first.kill()  # gone, and back before its session ends
            first.wait()
            with flow.worker(group_instance_id="a", session_timeout_ms=60_000) as again:
                produce(kafka.bootstrap, flow.source, records(20, start=20))
                flow.wait_for(40)
                assert events(second, "partitions_assigned") == assigned
                assert events(second, "partitions_revoked") == []
                assert stop(again) == 0
    assert len(read_topic(kafka.bootstrap, flow.clean)) == 40


def test_a_crash_in_a_transaction_leaves_an_aborted_gap_in_the_raw_offsets(kafka, tmp_path):
    """Counting committed records alone would pass even if nothing had been written before the crash."""
    flow = Flow(kafka.bootstrap, tmp_path)
    flow.settings["kafka"]["transactional_id"] = unique("id")
    script = (
        "import os, sys, signal\n"
        "from scrubber.stream import sink\n"
        "def dying(self, done, claim):\n"
        "    self._open_producer().begin_transaction()\n"
        "    self._outbox.produce(self._open_producer(), done, claim.partitions)\n"
        "    self._open_producer().flush(30)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "sink.TransactionalSink._transact = dying\n"
        "from scrubber.cli import main\n"
        "sys.exit(main())\n"
    )
    file = tmp_path / "crash.yaml"
    file.write_text(yaml.safe_dump(flow.settings))
    produce(kafka.bootstrap, flow.source, records(10))
    crashed = subprocess.run([sys.executable, "-c", script, "run", "--config", str(file)], timeout=150, check=False)
    assert crashed.returncode == -signal.SIGKILL
    assert len(read_topic(kafka.bootstrap, flow.clean, committed=False)) == 10
    assert flow.committed() == 0
    with flow.worker() as worker:
        flow.wait_for(10)
        assert stop(worker) == 0
    first = {}
    for message in read_topic(kafka.bootstrap, flow.clean):
        first.setdefault(message.partition(), message.offset())
    assert first == {0: 6, 1: 6}  # five aborted records and the abort marker come before


def test_no_value_is_ever_logged(kafka, tmp_path):
    flow = Flow(kafka.bootstrap, tmp_path, logging={"level": "debug"})
    produce(kafka.bootstrap, flow.source, [*records(50), Sent(b"\xff marker-value-7261", b"key", 0)])
    with flow.worker() as worker:
        flow.wait_for(51)
        assert stop(worker) == 0
        log = worker.log.read_text()
    assert "worker_stopped" in log
    for secret in ("mail.example", "marker-value", "key-1"):
        assert secret not in log
