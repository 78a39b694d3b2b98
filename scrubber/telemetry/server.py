"""One port: `/metrics` for Prometheus, `/healthz` and `/readyz` for an orchestrator.

200 is yes and 503 no, with the reasons as text. Plain HTTP, nothing is read from the client but a path, and whoever
sends it slowly is cut off.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from scrubber.errors import ConfigError, Problem
from scrubber.telemetry.happenings import HttpServing
from scrubber.telemetry.health import Health
from scrubber.telemetry.receivers import Telemetry
from scrubber.telemetry.settings import HttpSettings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

REQUEST_SECS = 5


@contextmanager
def serving(
    settings: HttpSettings, registry: CollectorRegistry, health: Health, telemetry: Telemetry
) -> Iterator[None]:
    """Serve while the block runs. Raises `ConfigError` where the address cannot be listened on."""
    try:
        make = _ServerOnV6 if ":" in settings.host else _Server
        server = make((settings.host, settings.port), _Handler)
    except (OSError, OverflowError) as error:
        where = "http.host" if isinstance(error, UnicodeError) else "http.port"
        said = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError([Problem(where, f"cannot listen on {settings.host}:{settings.port}: {said}")]) from None
    server.set_app(_App(registry, health))
    thread = threading.Thread(target=server.serve_forever, name="http", daemon=True)
    thread.start()
    telemetry.emit(HttpServing(settings.host, server.server_port))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _App:
    """The three paths, as a WSGI application."""

    def __init__(self, registry: CollectorRegistry, health: Health) -> None:
        self._metrics = make_wsgi_app(registry)
        self._health = health

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return _answer(start_response, "405 Method Not Allowed", ["GET only"], ("Allow", "GET"))
        match environ.get("PATH_INFO"):
            case "/metrics":
                return cast("Iterable[bytes]", self._metrics(environ, start_response))
            case "/healthz":
                return _judge(start_response, self._health.why_not_live())
            case "/readyz":
                return _judge(start_response, self._health.why_not_ready())
            case _:
                return _answer(start_response, "404 Not Found", ["/metrics, /healthz or /readyz"])


def _judge(start_response: StartResponse, against: list[str]) -> Iterable[bytes]:
    return _answer(start_response, "503 Service Unavailable" if against else "200 OK", against or ["ok"])


def _answer(start_response: StartResponse, status: str, lines: list[str], *headers: tuple[str, str]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), *headers])
    return ["".join(f"{line}\n" for line in lines).encode()]


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request; they end with the process."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that went away in the middle of an answer is no news, and stderr is the log's."""


class _ServerOnV6(_Server):
    """The same on an IPv6 address (`::` is every one, IPv4 included where the system allows it)."""

    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    """Says nothing on stderr, and waits for no one for long."""

    timeout = REQUEST_SECS

    def log_message(self, *_args: object) -> None:
        """A line for each probe and each scrape would drown the log."""
