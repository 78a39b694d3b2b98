"""Made-up log lines for benchmarks: JSON as services write it, one in four with an e-mail or IP address."""

from __future__ import annotations

import random
from collections.abc import Iterator

SERVICES = ("checkout", "payments", "catalogue", "gateway", "sessions", "mailer")
LEVELS = ("INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR")
PATHS = ("/api/v2/orders/%d", "/api/v2/baskets/%d/items", "/login?next=%d", "/static/app.%d.js", "/health?n=%d")
PLAIN = (
    "request finished, upstream answered in time",
    "cache miss, value loaded from the store and kept",
    "retrying after a timeout, attempt 2 of 5",
    "queue drained, waiting for more work to arrive",
)
FRAME = "    at service.handlers.Orders.process(Orders.java:%d)\\n"


def log_lines(count: int, size: int = 300, seed: int = 1) -> Iterator[bytes]:
    """Yield `count` lines, all different, of about `size` bytes each (never less than about 280)."""
    dice = random.Random(seed)
    for number in range(count):
        minute, second = divmod(number // 100 % 3_600, 60)
        line = (
            '{"ts":"2026-03-04T10:%02d:%02d.%03dZ","level":"%s","service":"%s","host":"node-%d","thread":"worker-%d",'
            '"logger":"shop.orders.OrderService","trace_id":"%032x","status":%d,"duration_ms":%d.%d,'
            '"path":"%s","message":"%s"%s}'
        )
        fields = (
            minute,
            second,
            number % 1_000,
            dice.choice(LEVELS),
            dice.choice(SERVICES),
            dice.randrange(40),
            dice.randrange(16),
            dice.getrandbits(128),
            dice.choice((200, 200, 201, 304, 404, 500)),
            dice.randrange(2_000),
            dice.randrange(10),
            dice.choice(PATHS) % dice.randrange(100_000),
            _message(dice, number),
        )
        stack = "".join(FRAME % dice.randrange(900) for _ in range(max(0, size - 300) // 56))
        yield (line % (*fields, f',"stack":"{stack}"' if stack else "")).encode()


def _message(dice: random.Random, number: int) -> str:
    if number % 8 == 0:
        return f"order {number} confirmed, receipt sent to customer{dice.randrange(9_999)}@mail.example"
    if number % 8 == 4:
        return f"client 198.51.100.{dice.randrange(256)} opened a session, {dice.randrange(90)} are open now"
    return dice.choice(PLAIN)
