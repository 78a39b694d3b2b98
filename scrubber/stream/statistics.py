"""librdkafka's statistics -> where the worker's partitions end. They come on the consume thread, inside `consume`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from scrubber.telemetry import ClientError, PartitionsFollowed, Telemetry

_POSITIONS = ("app_offset", "committed_offset", "next_offset")  # the last one where nothing was read or committed yet

INTERVAL_MS = 5_000
"""librdkafka asks the brokers for the ends itself, in the background, also while partitions are paused."""


def followed(statistics: str) -> PartitionsFollowed:
    """Return end and position of each partition that is read; the end is that of the last whole transaction."""
    topics = orjson.loads(statistics).get("topics", {})
    return PartitionsFollowed({name: place for topic in topics.values() for name, place in _places(topic)})


def follow(telemetry: Telemetry) -> Callable[[str], None]:
    """Return a callback for a consumer's statistics. It never raises: that would destroy records in `consume`."""

    def callback(statistics: str) -> None:
        try:
            telemetry.emit(followed(statistics))
        except Exception as exception:  # noqa: BLE001 - see above
            telemetry.emit(ClientError("statistics", type(exception).__name__))

    return callback


def _places(topic: dict[str, Any]) -> Iterator[tuple[str, tuple[int, int]]]:
    for number, partition in topic["partitions"].items():
        end = max(partition["ls_offset"], partition["hi_offset"] if partition["ls_offset"] < 0 else -1)
        known = [partition[name] for name in _POSITIONS if partition[name] >= 0]
        if end >= 0 and known and partition["desired"]:
            yield f"{topic['topic']}[{number}]", (end, known[0])
