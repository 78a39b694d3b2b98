"""Made-up log lines into a topic, at a steady pace: `generate_logs.py --bootstrap HOST:PORT --topic NAME`."""

# ruff: noqa: INP001 - a script

from __future__ import annotations

import argparse
import json
import random
import time

from confluent_kafka import Producer

LINES = (
    "login of {user}@mail.example from 192.0.2.{number}",
    "payment of order {number} with card 4111 1111 1111 1111 accepted",
    "GET /account?id={number} 200 12ms",
    "password reset for {user}: token=tok-{number:08d} sent to +1 202 555 01{short:02d}",
    "cache miss for key item:{number}",
)
USERS = ("ann", "bob", "carol", "dave", "erin")


def line(choose: random.Random) -> bytes:
    """Return one line, now and then as JSON."""
    number = choose.randrange(250)
    text = choose.choice(LINES).format(user=choose.choice(USERS), number=number, short=number % 100)
    return json.dumps({"level": "info", "message": text}).encode() if choose.random() < 0.5 else text.encode()


def main() -> None:
    """Produce until stopped, or until `--count` lines are sent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--per-second", type=float, default=200)
    parser.add_argument("--count", type=int)
    options = parser.parse_args()
    choose = random.Random(1)  # noqa: S311
    producer = Producer({"bootstrap.servers": options.bootstrap, "enable.idempotence": True})
    sent = 0
    while options.count is None or sent < options.count:
        producer.produce(options.topic, line(choose))
        producer.poll(0)
        sent += 1
        time.sleep(1 / options.per_second)
    producer.flush(30)


if __name__ == "__main__":
    main()
