"""The console beside the worker, in its process: the worker's own numbers, and its policies to try.

Rule 1: the device belongs to the stream: what is tried here is tried by rules alone.
Rule 2: so do the keys: hashes made here come from a key that nobody has, or whoever reaches the console could try
values against the clean topic.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from scrubber.cli.console import server
from scrubber.cli.console.build import console
from scrubber.cli.console.drafts import Base, preset_bases
from scrubber.cli.console.live import Watcher, from_registry
from scrubber.config import Config
from scrubber.config.rules import all_rules
from scrubber.config.sources import read_yaml
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.telemetry import Happening, Telemetry

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ConsoleServing(Happening):
    """The console is served at this address."""

    url: str


@contextmanager
def beside_worker(config: Config, registry: CollectorRegistry, telemetry: Telemetry) -> Iterator[None]:
    """Serve the console while the block runs. Raises ConfigError."""
    settings = config.console
    watcher = Watcher(from_registry(registry))
    keys = KeyRing({"console": os.urandom(_KEY_BYTES)}) if config.keys else NO_KEYS
    app = console(_bases(config), all_rules(config.rules), {}, keys, live=watcher, token=settings.token)
    with server.listen(settings.host, settings.port) as listening, watcher.watching(), server.serving(app, listening):
        telemetry.emit(ConsoleServing(server.url(listening)))
        yield


def _bases(config: Config) -> list[Base]:
    """Return the policies of the routes first, then the others."""
    own = [Base(name, read_yaml(file), own=True) for name, file in config.policies.items()]
    used = [route.policy for route in config.stream.routes]
    return sorted([*own, *preset_bases()], key=lambda base: base.name not in used)
