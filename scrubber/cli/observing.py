"""What the worker tells of itself while it runs, put together from the configuration: log, metrics, health, traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import structlog

from scrubber.config import Config
from scrubber.core.records import Begin
from scrubber.detect.runtime.extras import require
from scrubber.stream.statistics import follow
from scrubber.telemetry import Fanout, LogTelemetry, Telemetry, catalogue
from scrubber.telemetry.health import Health
from scrubber.telemetry.metrics import Metrics
from scrubber.telemetry.server import serving
from scrubber.telemetry.settings import TracingSettings

if TYPE_CHECKING:
    from scrubber.telemetry.tracing import Tracing


class Observed(NamedTuple):
    """Who is told what.

    `telemetry` hears of everything that happens, `turned` of each turn of the worker's loops, `on_statistics` (None
    where nobody wants to know) of the consumer's statistics; `traced` is put around what begins to scrub.
    """

    telemetry: Telemetry
    turned: Callable[[str], None]
    on_statistics: Callable[[str], None] | None
    traced: Callable[[Begin], Begin]


@contextmanager
def observing(config: Config) -> Iterator[Observed]:
    """Observe while the block runs. Raises `ConfigError`: no such address, or an extra that is missing."""
    receivers: list[Telemetry] = [LogTelemetry(structlog.get_logger("scrubber"))]
    health = Health(config.http.max_loop_age_secs)
    metrics = _metrics(health) if config.http.enabled or config.console.enabled else None
    with ExitStack() as stack:
        tracing = _open_tracing(config.tracing) if config.tracing.endpoint is not None else None
        if tracing is not None:
            stack.callback(tracing.close)
            receivers.append(tracing)
        if metrics is not None:
            receivers += [health, metrics]
        telemetry = Fanout(receivers)
        if metrics is not None and config.http.enabled:
            stack.enter_context(serving(config.http, metrics.registry, health, telemetry))
        if metrics is not None and config.console.enabled:
            stack.enter_context(_open_console(config, metrics, telemetry))
        yield Observed(
            telemetry,
            turned=health.turn,
            on_statistics=follow(telemetry) if metrics is not None else None,
            traced=tracing.scrub if tracing is not None else lambda begin: begin,
        )


def _metrics(health: Health) -> Metrics:
    metrics = Metrics(version("scrubber"))
    metrics.watch(catalogue.READY, lambda: {(): float(not health.why_not_ready())})
    metrics.watch(catalogue.LOOP_AGE, health.loop_ages)
    return metrics


def _open_tracing(settings: TracingSettings) -> Tracing:
    for module in ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
        require(module, "tracing", "tracing.endpoint")
    from scrubber.telemetry import tracing  # noqa: PLC0415 - an extra

    return tracing.Tracing(settings, tracing.exporter(settings), version("scrubber"))


def _open_console(config: Config, metrics: Metrics, telemetry: Telemetry) -> AbstractContextManager[None]:
    for module in ("starlette", "uvicorn"):
        require(module, "console", "console.enabled")
    from scrubber.cli.console.beside import beside_worker  # noqa: PLC0415 - an extra

    return beside_worker(config, metrics.registry, telemetry)
