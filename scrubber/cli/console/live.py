"""The live page's numbers: the worker's metrics, read every two seconds and kept for a quarter of an hour.

They come from the registry of this process, or from the `/metrics` of a worker elsewhere; both are read in the same
way, by the names of the catalogue. The page makes rates of them.
"""

from __future__ import annotations

import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from scrubber.telemetry import catalogue
from scrubber.telemetry.catalogue import Metric

INTERVAL_SECS: Final = 2.0
KEPT: Final = 450
_FETCH_SECS: Final = 1.5
_MAX_PAGE_BYTES: Final = 8 << 20

Source = Callable[[], Iterable[Family]]


def from_registry(registry: CollectorRegistry) -> Source:
    """Read the metrics of this process."""
    return registry.collect


def from_url(url: str) -> Source:
    """Read the metrics that a worker serves at `url` (http or https)."""

    def fetch() -> Iterable[Family]:
        with urllib.request.urlopen(url, timeout=_FETCH_SECS) as response:  # noqa: S310 - http(s), see `is_web_address`
            return list(text_string_to_metric_families(response.read(_MAX_PAGE_BYTES).decode()))

    return fetch


def is_web_address(url: str) -> bool:
    """Whether `url` is http or https: no file of this machine is read for a page."""
    return url.startswith(("http://", "https://"))


class Watcher:
    """Samples a source, and remembers. `since` is called from other threads than `look`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._samples: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._running: dict[str, list[dict[str, str]]] = {}
        self._trouble = ""

    def look(self) -> None:
        """Take one sample. A worker that does not answer is no error: the page tells it."""
        try:
            samples = _by_name(self._source())
        except Exception as error:  # noqa: BLE001 - whatever keeps the numbers away, the next look may have them
            self._trouble = f"the worker's metrics cannot be read ({type(error).__name__})"
            return
        self._trouble = "" if samples.get(catalogue.BUILD.name) else "these are not the metrics of a scrubber"
        self._running = {kind: _infos(samples, metric) for kind, metric in _RUNNING.items()}
        self._samples.append({"time": round(time.time(), 3), **_reading(samples)})

    def since(self, moment: float) -> Mapping[str, Any]:
        """Return the samples taken after `moment` (Unix time), and what is running."""
        return {
            "interval_secs": INTERVAL_SECS,
            "trouble": self._trouble,
            "running": self._running,
            "samples": [sample for sample in list(self._samples) if sample["time"] > moment],
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look every two seconds meanwhile, in a thread of its own."""
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                self.look()
                done.wait(INTERVAL_SECS)

        thread = threading.Thread(target=watch, name="console-watcher", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(INTERVAL_SECS)


_Samples = Mapping[str, list[Sample]]

_RUNNING: Final = {
    "version": catalogue.BUILD,
    "policies": catalogue.POLICY,
    "rules": catalogue.RULES,
    "models": catalogue.MODEL,
}


def _by_name(families: Iterable[Family]) -> _Samples:
    samples: dict[str, list[Sample]] = {}
    for family in families:
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(sample)
    return samples


def _reading(samples: _Samples) -> dict[str, Any]:
    """Return what the page draws: counters as they stand, summed over what it does not tell apart."""
    return {
        "records": {"clean": _total(samples, catalogue.RECORDS_CLEAN)}
        | {"quarantined": _total(samples, catalogue.RECORDS_QUARANTINED)},
        "bytes": _total(samples, catalogue.BYTES_READ),
        "lag": {f"{labels['topic']} {labels['partition']}": lag for labels, lag in _each(samples, catalogue.LAG)},
        "partitions": _total(samples, catalogue.PARTITIONS),
        "stages": _stages(samples),
        "labels": _sums(samples, catalogue.REDACTIONS, "label"),
        "reasons": _sums(samples, catalogue.RECORDS_QUARANTINED, "reason"),
        "cache": _sums(samples, catalogue.CACHE_TEXTS, "result"),
        "committed": _total(samples, catalogue.TRANSACTIONS),
        "aborted": _total(samples, catalogue.ABORTS),
        "unscanned": _total(samples, catalogue.UNSCANNED),
        "verify_hits": _total(samples, catalogue.VERIFY_HITS),
    }


def _each(samples: _Samples, metric: Metric) -> Iterator[tuple[Mapping[str, str], float]]:
    return ((sample.labels, sample.value) for sample in samples.get(metric.name, ()))


def _total(samples: _Samples, metric: Metric) -> float:
    return sum(value for _, value in _each(samples, metric))


def _sums(samples: _Samples, metric: Metric, label: str) -> dict[str, float]:
    """Return the sums by one label; what never happened is left out."""
    sums: dict[str, float] = {}
    for labels, value in _each(samples, metric):
        if value:
            sums[labels[label]] = sums.get(labels[label], 0.0) + value
    return sums


def _stages(samples: _Samples) -> dict[str, list[float]]:
    """Return how often each stage was timed, and the seconds that it took altogether."""
    name = catalogue.STAGE.name
    seconds = {sample.labels["stage"]: sample.value for sample in samples.get(f"{name}_sum", ())}
    counts = {sample.labels["stage"]: sample.value for sample in samples.get(f"{name}_count", ())}
    return {stage: [counts[stage], seconds[stage]] for stage in counts if counts[stage]}


def _infos(samples: _Samples, metric: Metric) -> list[dict[str, str]]:
    return [dict(labels) for labels, _ in _each(samples, metric)]
