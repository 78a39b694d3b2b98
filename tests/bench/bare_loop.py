"""The yardstick: the smallest exactly-once consume-produce loop, with scrubber's librdkafka settings and chunk sizes.

`python -m tests.bench.bare_loop CONFIG` works until SIGTERM and writes what a worker's log has: one JSON line for each
transaction. It does nothing else that a worker does: no rebalance, no error, no retry is handled.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import time
from pathlib import Path

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from scrubber.config import load
from scrubber.stream.clients import consumer_properties, producer_properties
from scrubber.stream.source import POLL_SECS, SLICE_RECORDS


def main(config: Path) -> None:
    settings = load(config, os.environ).stream
    (route,) = settings.routes
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    consumer = Consumer(consumer_properties(settings))
    producer = Producer(producer_properties(settings))
    producer.init_transactions(30)
    consumer.subscribe(list(route.topics))
    while not stopping:
        messages = []
        deadline = time.monotonic() + settings.chunk.max_wait_ms / 1000
        while len(messages) < settings.chunk.max_records and time.monotonic() < deadline:
            messages += consumer.consume(min(settings.chunk.max_records - len(messages), SLICE_RECORDS), POLL_SECS)
        if not messages:
            continue
        started = time.monotonic()
        producer.begin_transaction()
        next_offsets: dict[tuple[str, int], int] = {}
        for message in messages:
            topic, partition = message.topic(), message.partition()
            producer.produce(route.clean, message.value(), message.key(), partition, timestamp=message.timestamp()[1])
            next_offsets[topic, partition] = message.offset() + 1
        produced = time.monotonic()
        offsets = [TopicPartition(*place, offset) for place, offset in next_offsets.items()]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
        producer.commit_transaction()
        committed = time.monotonic()
        line = {
            "event": "chunk_committed",
            "records": len(messages),
            "produce_secs": produced - started,
            "commit_secs": committed - produced,
            "timestamp": dt.datetime.now(dt.UTC).isoformat(),
        }
        sys.stderr.buffer.write(orjson.dumps(line) + b"\n")
        sys.stderr.flush()
    consumer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
