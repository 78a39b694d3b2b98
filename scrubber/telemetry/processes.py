"""CPU, memory and open files of several processes together, in the names of Prometheus' own process metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric, ProcessCollector
from prometheus_client.registry import Collector

_OF_ONE = ("start_time_seconds", "max_fds")


class Processes(Collector):
    """`<namespace>_process_...` of all processes that were added: sums, but for when the first began and how many files
    each may open.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._each: list[ProcessCollector] = []

    def add(self, pid: int) -> None:
        """Count this process, too, from now on; one that has ended counts nothing."""
        self._each.append(ProcessCollector(self._namespace, lambda: pid, registry=None))

    def collect(self) -> Iterator[Metric]:
        """Yield what there is to read now."""
        together: dict[str, Metric] = {}
        for process in list(self._each):
            for family in process.collect():
                known = together.setdefault(family.name, family)
                if known is not family:
                    values = known.samples[0].value, family.samples[0].value
                    value = min(values) if family.name.endswith(_OF_ONE) else sum(values)
                    known.samples = [known.samples[0]._replace(value=value)]
        yield from together.values()
