"""Who gets which partition."""

from __future__ import annotations

from collections.abc import Callable

from scrubber.core.records import Partition

Assignor = Callable[[list[list[Partition]], list[list[Partition]]], list[list[Partition]]]
"""`(wanted, owned) -> targets`, each with one list per member: what it subscribed to, what it has, what it gets."""


def keep_what_fits(wanted: list[list[Partition]], owned: list[list[Partition]]) -> list[list[Partition]]:
    """Cooperative-sticky: balanced, and a member keeps what it has as far as its share goes."""
    everything = sorted({partition for some in wanted for partition in some})
    targets: list[list[Partition]] = [[] for _ in wanted]
    share, spare = divmod(len(everything), len(wanted)) if wanted else (0, 0)
    for target, wants, has in zip(targets, wanted, owned, strict=True):
        kept = [partition for partition in has if partition in wants]
        limit = share + (1 if spare and len(kept) > share else 0)
        spare -= limit - share
        target.extend(kept[:limit])
    given = {partition for target in targets for partition in target}
    for partition in everything:
        if partition not in given:
            takers = [target for target, wants in zip(targets, wanted, strict=True) if partition in wants]
            min(takers, key=len).append(partition)
    return targets


def split_topics(wanted: list[list[Partition]], _owned: list[list[Partition]]) -> list[list[Partition]]:
    """Range: each topic cut into as many runs as it has subscribers."""
    targets: list[list[Partition]] = [[] for _ in wanted]
    for topic in sorted({partition.topic for some in wanted for partition in some}):
        takers = [index for index, wants in enumerate(wanted) if any(part.topic == topic for part in wants)]
        parts = sorted({part for some in wanted for part in some if part.topic == topic})
        share, spare = divmod(len(parts), len(takers))
        start = 0
        for place, index in enumerate(takers):
            size = share + (1 if place < spare else 0)
            targets[index] += parts[start : start + size]
            start += size
    return targets
