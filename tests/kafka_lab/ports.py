"""Free ports on loopback."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """A port of loopback that nobody listens on, outside the range that outgoing connections take theirs from."""
    choose = random.SystemRandom()  # not `random`: tests seed that, and would all choose the same ports
    while True:
        port = choose.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
