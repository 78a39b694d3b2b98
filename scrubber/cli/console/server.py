"""Serves the console: in this thread for `scrubber console`, in one of its own beside the worker.

uvicorn logs nothing of a request here, and its signal handlers stay out of the worker's way.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from scrubber.errors import ConfigError, Problem

_STOP_SECS = 5.0


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises ConfigError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((str(address[0]), int(address[1])), family=family)
    except OSError as error:
        problem = Problem("console", f"cannot listen on {host}, port {port}: {error.strerror}")
    raise ConfigError([problem])


def url(listening: socket.socket) -> str:
    """Return where a browser finds the console."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. For the main thread."""
    _server(app).run(sockets=[listening])


@contextmanager
def serving(app: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """Serve in a thread of its own meanwhile. A console that fails does not end what it looks at."""
    server = _server(app)
    thread = threading.Thread(target=server.run, args=([listening],), name="console", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_STOP_SECS)


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        limit_concurrency=64,
    )
    return uvicorn.Server(config)
