"""A group member to be killed: joins, says so, polls until then. `member.py BOOTSTRAP GROUP TOPIC SESSION_MS`."""

from __future__ import annotations

import sys

from confluent_kafka import Consumer


def main(bootstrap: str, group: str, topic: str, session_ms: str) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "session.timeout.ms": int(session_ms),
            "heartbeat.interval.ms": 200,
            "partition.assignment.strategy": "cooperative-sticky",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic], on_assign=lambda *_: print("assigned", flush=True))
    while True:
        consumer.consume(1, 0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
