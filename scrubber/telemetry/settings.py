"""What the user may say about metrics, health and traces."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where `/metrics`, `/healthz` and `/readyz` are; port 0 takes a free one.

    The worker is live while each of its loops came round within `max_loop_age_secs`.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 9464
    max_loop_age_secs: float = 300.0


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """Where traces go (OTLP over HTTP; None: nowhere), and the share of chunks that has one."""

    endpoint: str | None = None
    sample_ratio: float = 1.0
    service_name: str = "scrubber"
