"""Where each partition is read from: at an explicit offset, always. librdkafka never looks one up by itself.

Rule 1: librdkafka 2.16 loses its way where it looks up the committed offsets of an assignment. If a transaction holds
an offset back (its owner died, or its marker is still on the way) and the group rebalances meanwhile, it takes "not
readable yet" for "none" and begins where `auto.offset.reset` says: records twice, or lost. If the look-up fails, as it
may while a coordinator moves, it is not repeated, and the partition stands still for good.
Rule 2: a partition whose offset cannot be told yet is taken all the same (the group waits for that), but paused.
Rule 3: never seek while librdkafka asks a broker for a logical offset (beginning, end): it would drop the answer, ask
again half a second later and leave the place sought. So those are made absolute here, too.
Rule 4: a partition that went while it was paused comes back paused, so what can be read is resumed when it is taken.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from scrubber.core.records import Partition
from scrubber.stream import faults
from scrubber.stream.ports import ConsumerClient

ASK_SECS = 2.0
REWIND_SECS = 10.0


class Placement:
    """Places the partitions of one consumer; on the consume thread only.

    Args:
        consumer: whose partitions they are.
        eager: whether the group's protocol takes everything away before it gives anything.
        auto_offset_reset: where to begin in a partition of which the group has committed nothing.
        ask_secs: how long to wait for an offset that may be held back; as long goes by before it is asked for again.
    """

    def __init__(
        self,
        consumer: ConsumerClient,
        *,
        eager: bool,
        auto_offset_reset: Literal["earliest", "latest"],
        ask_secs: float = ASK_SECS,
    ) -> None:
        self._consumer = consumer
        self._eager = eager
        self._from_end = auto_offset_reset == "latest"
        self._ask_secs = ask_secs
        self._begun: dict[Partition, int] = {}  # where reading began, for want of a committed offset
        self._waiting: dict[Partition, None] = {}  # in the order in which they will be tried
        self._ask_again_at = 0.0

    def assign(self, partitions: list[Partition]) -> None:
        """Take `partitions`, inside `on_assign`; raises `KafkaException` where the client refuses."""
        self.forget(partitions)
        try:
            places = self._places(partitions, self._ask_secs)
        except KafkaException:
            places = [TopicPartition(*partition, 0) for partition in partitions]
            self._waiting.update(dict.fromkeys(partitions))
        if self._eager:
            self._consumer.assign(places)
        else:
            self._consumer.incremental_assign(places)
        self._consumer.resume(places)
        self._consumer.pause(self.paused_of(places))

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These are gone."""
        for partition in partitions:
            self._begun.pop(partition, None)
            self._waiting.pop(partition, None)

    def settle(self) -> KafkaError | None:
        """Place what is still waiting, as far as offsets can be told by now; returns what is in the way."""
        if not self._waiting or time.monotonic() < self._ask_again_at:
            return None
        for partition in list(self._waiting):
            del self._waiting[partition]
            try:
                [place] = self._places([partition], self._ask_secs)
                self._consumer.seek(place)
            except KafkaException as exception:
                self._waiting[partition] = None  # behind the others
                self._ask_again_at = time.monotonic() + self._ask_secs
                return faults.kafka_error(exception)
            self._consumer.resume([place])
        return None

    def rewind(self, partitions: list[Partition]) -> None:
        """Go back to the committed offsets; raises `KafkaException` where that cannot be done yet."""
        placed = [partition for partition in partitions if partition not in self._waiting]
        for place in self._places(placed, REWIND_SECS):
            self._consumer.seek(place)

    def paused_of(self, places: list[TopicPartition]) -> list[TopicPartition]:
        """Those that must not be read yet."""
        return [place for place in places if Partition(place.topic, place.partition) in self._waiting]

    def _places(self, partitions: list[Partition], timeout_secs: float) -> list[TopicPartition]:
        """Where the group has committed; where it has nothing, where this worker began."""
        wanted = [TopicPartition(*partition) for partition in partitions]
        places = []
        for answer in self._consumer.committed(wanted, timeout_secs) if wanted else []:
            if answer.error is not None:  # an offset that cannot be told is not one that is not there
                raise KafkaException(answer.error)
            place = TopicPartition(answer.topic, answer.partition, answer.offset)
            if place.offset < 0:
                place.offset = self._beginning(place, timeout_secs)
            places.append(place)
        return places

    def _beginning(self, place: TopicPartition, timeout_secs: float) -> int:
        partition = Partition(place.topic, place.partition)
        if partition not in self._begun:
            watermarks = self._consumer.get_watermark_offsets(place, timeout_secs)
            if watermarks is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - its public name
            self._begun[partition] = watermarks[1 if self._from_end else 0]
        return self._begun[partition]
