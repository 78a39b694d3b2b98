"""Ready as an orchestrator sees it, on Apache Kafka."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest

from tests.kafka_lab.topics import unique
from tests.stream.real_worker import WorkerProcess, group_of, new_route

pytestmark = pytest.mark.kafka


def status(worker, path):
    said = [json.loads(line) for line in worker.said.splitlines() if '"http_serving"' in line]
    if not said:
        return None
    connection = HTTPConnection("127.0.0.1", said[0]["port"], timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


def test_a_worker_and_its_spare_are_both_ready_and_stop_in_peace(kafka, tmp_path):
    http = {"enabled": True, "port": 0}
    config = group_of(kafka.bootstrap, new_route(kafka.bootstrap, partitions=1), model="none", http=http)
    spare = {**config, "kafka": {**config["kafka"], "transactional_id": unique("spare")}}
    with WorkerProcess(tmp_path, config) as first, WorkerProcess(tmp_path, spare) as second:
        for worker in first, second:
            worker.until(lambda worker=worker: status(worker, "/readyz") == 200, 240)
            assert status(worker, "/healthz") == 200
        for worker in first, second:
            worker.process.terminate()
        assert [first.wait(), second.wait()] == [0, 0]


def test_a_worker_whose_cluster_is_not_there_is_live_and_not_ready(tmp_path):
    config = {
        "kafka": {"bootstrap_servers": "127.0.0.1:9", "group_id": "g"},
        "routes": [{"topics": ["app"]}],
        "model": "none",
        "http": {"enabled": True, "port": 0},
        "logging": {"format": "json"},
    }
    with WorkerProcess(tmp_path, config) as worker:
        worker.until(lambda: "waiting_for" in worker.said, 240)
        assert status(worker, "/healthz") == 200
        assert status(worker, "/readyz") == 503
