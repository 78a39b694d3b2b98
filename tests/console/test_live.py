"""The live page's numbers: the same from a registry in this process and from a worker's /metrics."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from scrubber.cli.console.live import KEPT, Watcher, from_registry, from_url, is_web_address
from scrubber.telemetry import (
    CacheAsked,
    ChunkScrubbed,
    PoliciesInForce,
    RecordsQuarantined,
    TransactionAborted,
)
from scrubber.telemetry.metrics import Metrics
from tests.telemetry.happened import COMMITTED, SCRUBBED


@pytest.fixture
def metrics():
    made = Metrics("1.2.3")
    made.emit(PoliciesInForce((("logs", "0f" * 32),), 400, "ab" * 32))
    return made


def work(metrics):
    redactions = (
        (("email", "rules", "replace"), 3),
        (("email", "gliner", "replace"), 2),
        (("ipv4", "rules", "mask"), 4),
    )
    for each in (
        replace(SCRUBBED, redactions=redactions, rules_secs=0.5, residual=1),
        ChunkScrubbed(records=10, bytes_in=1_000, seconds=0.75),
        replace(COMMITTED, records=10, quarantined=2, commit_secs=0.25),
        RecordsQuarantined(count=2, reason="undecodable"),
        TransactionAborted(code="ANY", attempt=1),
        CacheAsked(texts=8, read=3, entries=3, bytes=300),
    ):
        metrics.emit(each)


@pytest.fixture
def served(metrics):
    """What a worker elsewhere serves."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(generate_latest(metrics.registry))

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["registry", "url"])
def watcher(request, metrics):
    return Watcher(
        from_registry(metrics.registry) if request.param == "registry" else from_url(request.getfixturevalue("served"))
    )


def test_counters_are_told_as_they_stand(watcher, metrics):
    watcher.look()
    work(metrics)
    watcher.look()
    before, after = watcher.since(0)["samples"]
    assert (before["records"], before["labels"], before["aborted"]) == ({"clean": 0, "quarantined": 0}, {}, 0)
    assert after["records"] == {"clean": 8, "quarantined": 2}
    assert after["bytes"] == 1_000
    assert after["labels"] == {"email": 5, "ipv4": 4}
    assert after["reasons"] == {"undecodable": 2}
    assert after["cache"] == {"hit": 5, "miss": 3}
    assert (after["committed"], after["aborted"], after["unscanned"], after["verify_hits"]) == (1, 1, 0, 1)
    assert (after["stages"]["scrub"], after["stages"]["commit"]) == ([1, 0.75], [1, 0.25])
    assert after["stages"]["rules"] == [1, 0.5]


def test_it_says_what_is_running(watcher):
    watcher.look()
    running = watcher.since(0)["running"]
    assert running["version"] == [{"version": "1.2.3"}]
    [policy] = running["policies"]
    assert policy["policy"] == "logs"
    assert running["rules"][0]["rules"] == "400"


def test_only_what_is_new_is_sent_and_what_is_old_forgotten(watcher, monkeypatch):
    moments = iter(range(1, 10_000))
    monkeypatch.setattr("scrubber.cli.console.live.time", SimpleNamespace(time=lambda: float(next(moments))))
    for _ in range(4):
        watcher.look()
    assert [sample["time"] for sample in watcher.since(2)["samples"]] == [3, 4]
    assert watcher._samples.maxlen == KEPT


def test_a_worker_that_does_not_answer_is_told_and_looked_for_again(served):
    watcher = Watcher(from_url("http://127.0.0.1:1/metrics"))
    watcher.look()
    told = watcher.since(0)
    assert told["samples"] == []
    assert told["trouble"].startswith("the worker's metrics cannot be read")
    watcher._source = from_url(served)
    watcher.look()
    assert watcher.since(0)["trouble"] == ""


def test_metrics_of_something_else_are_told():
    registry = CollectorRegistry()
    Gauge("other", "of another program", registry=registry)
    watcher = Watcher(from_registry(registry))
    watcher.look()
    assert watcher.since(0)["trouble"] == "these are not the metrics of a scrubber"


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://a.example/", "/etc/hostname", ""])
def test_no_file_is_read_for_the_page(url):
    assert not is_web_address(url)


def test_the_page_without_a_worker_says_so(client):
    assert client.get("/api/setup").json()["live"] is False
    assert client.get("/api/live").status_code == 404


def test_the_page_reads_samples_since_its_last(client_of, metrics):
    watcher = Watcher(from_registry(metrics.registry))
    watcher.look()
    client = client_of(live=watcher)
    assert client.get("/api/setup").json()["live"] is True
    told = client.get("/api/live").json()
    assert len(told["samples"]) == 1
    assert client.get(f"/api/live?since={told['samples'][0]['time']}").json()["samples"] == []
    assert client.get("/api/live?since=yesterday").status_code == 400
