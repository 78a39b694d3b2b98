"""The proxy does to a connection what it says, and Kafka's clients live with it."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.kafka_lab.proxy import TcpProxy
from tests.kafka_lab.topics import create_topic, produce, read_topic


@pytest.fixture
def echo():
    """A proxy in front of a server that sends back what it gets, and a connection through it."""
    with socket.create_server(("127.0.0.1", 0)) as server, TcpProxy() as proxy:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=[connection], daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(65536):
                        connection.sendall(data)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        proxy.forward_to(f"127.0.0.1:{server.getsockname()[1]}")
        with _connect(proxy) as client:
            assert _ask(client, b"hello") == b"hello"
            yield proxy, client


def _connect(proxy: TcpProxy) -> socket.socket:
    host, port = proxy.address.split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def _ask(client: socket.socket, question: bytes) -> bytes:
    client.sendall(question)
    answer = b""
    while len(answer) < len(question):
        answer += client.recv(65536)
    return answer


def test_a_reset_ends_connections_and_welcomes_new_ones(echo):
    proxy, client = echo
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with _connect(proxy) as again:
        assert _ask(again, b"again") == b"again"


def test_a_cut_ends_connections_and_refuses_new_ones_until_restored(echo):
    proxy, client = echo
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionResetError), _connect(proxy) as refused:  # at once, or on the first use
        refused.recv(1)
    proxy.restore()
    with _connect(proxy) as again:
        assert _ask(again, b"again") == b"again"


def test_a_held_connection_stays_open_and_delivers_all_when_restored(echo):
    proxy, client = echo
    proxy.hold()
    client.sendall(b"held")
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(1)
    proxy.restore()
    client.settimeout(5)
    assert client.recv(65536) == b"held"


def test_lag_delays_each_direction_and_keeps_the_order(echo):
    proxy, client = echo
    sent = bytes(range(256)) * 4096
    proxy.lag(100)
    begun = time.monotonic()
    assert _ask(client, sent[:1]) == sent[:1]
    assert time.monotonic() - begun >= 0.2
    client.sendall(sent[:1000])
    proxy.lag(0)  # what comes later must not overtake
    assert _ask(client, sent)[:1000] == sent[:1000]


@pytest.mark.kafka
def test_a_producer_goes_on_after_a_cut_a_reset_and_a_hold(kafka_proxy):
    kafka, proxy = kafka_proxy
    topic = create_topic(kafka.bootstrap, "through", partitions=1)
    produce(kafka.bootstrap, topic, [b"before"])
    for trouble in (proxy.cut, proxy.reset, proxy.hold):
        trouble()
        end = threading.Timer(0.5, proxy.restore)
        end.start()
        produce(kafka.bootstrap, topic, [b"during"])
        end.join()
    assert [m.value() for m in read_topic(kafka.internal_bootstrap, topic)] == [b"before"] + [b"during"] * 3
