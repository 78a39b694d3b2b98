"""One port, three paths, over real sockets."""

import http.client
import socket
import struct
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scrubber.errors import ConfigError
from scrubber.telemetry import DetectorsReady, PartitionsAssigned, server
from scrubber.telemetry.health import Health
from scrubber.telemetry.metrics import Metrics
from scrubber.telemetry.server import serving
from scrubber.telemetry.settings import HttpSettings


class Told(list):
    def emit(self, happening):
        self.append(happening)


@pytest.fixture
def health():
    return Health(30.0)


@pytest.fixture
def ask(health):
    told = Told()
    with serving(HttpSettings(enabled=True, port=0), Metrics("1.2.3").registry, health, told):
        (said,) = told

        def ask(path, method="GET", port=said.port):
            connection = http.client.HTTPConnection(said.address, port, timeout=10)
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

        ask.port = said.port
        yield ask
    with pytest.raises(OSError, match="refused"):
        ask("/healthz")


def test_metrics_are_in_the_format_of_prometheus(ask):
    status, text = ask("/metrics")
    assert status == 200
    families = {family.name: family for family in text_string_to_metric_families(text)}
    (sample,) = families["scrubber_build_info"].samples
    assert sample.labels == {"version": "1.2.3"}
    assert "process_resident_memory_bytes" in families


def test_health_says_yes_or_no_and_why(ask, health):
    assert ask("/healthz") == (200, "ok\n")
    status, text = ask("/readyz")
    assert status == 503
    assert "not warm" in text
    health.emit(DetectorsReady(1))
    health.emit(PartitionsAssigned(()))
    assert ask("/readyz") == (200, "ok\n")
    health._turned["detect"] = time.monotonic() - 31
    assert ask("/healthz") == (503, "the detect loop stands still\n")


def test_other_paths_and_methods_are_refused(ask):
    assert ask("/")[0] == 404
    assert ask("/metrics/../etc")[0] == 404
    assert ask("/metrics", "POST")[0] == 405
    assert ask("/readyz", "DELETE")[0] == 405


def test_a_client_that_says_nothing_keeps_nobody_waiting_and_is_cut_off(ask, monkeypatch):
    monkeypatch.setattr(server._Handler, "timeout", 0.3)
    with socket.create_connection(("127.0.0.1", ask.port), timeout=10) as silent:
        silent.sendall(b"GET /metrics HT")
        assert ask("/healthz")[0] == 200
        assert silent.recv(100) == b""


def test_garbage_ends_only_its_own_connection(ask, capfd):
    with socket.create_connection(("127.0.0.1", ask.port), timeout=10) as garbage:
        garbage.sendall(b"\x16\x03\x01\x00\xff\x00\r\n\r\n")
        garbage.recv(1_000)
    assert ask("/healthz")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_client_that_goes_away_leaves_no_trace(ask, capfd):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", ask.port), timeout=10) as hasty:
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            hasty.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 50)
    assert ask("/healthz")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_scrapes_and_probes_at_once_are_all_answered(ask):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask("/metrics")[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20


def test_an_address_that_cannot_be_had_is_told_in_words(ask):
    taken = HttpSettings(enabled=True, port=ask.port)
    with (
        pytest.raises(ConfigError, match=r"http\.port: cannot listen on 127\.0\.0\.1:"),
        serving(taken, Metrics("1").registry, Health(1.0), Told()),
    ):
        pass


def test_ipv6(health):
    told = Told()
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with serving(HttpSettings(enabled=True, host="::1", port=0), Metrics("1").registry, health, told):
        connection = http.client.HTTPConnection("::1", told[0].port, timeout=10)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
