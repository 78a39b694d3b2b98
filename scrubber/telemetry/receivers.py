"""Who hears of happenings: the log, and whatever else is put beside it. Injected everywhere; there is no global one."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from scrubber.telemetry.happenings import Happening

if TYPE_CHECKING:
    import structlog

_NUMBERS = logging.getLevelNamesMapping()


class Telemetry(Protocol):
    """Receives happenings. Implementations neither raise nor block: they run on the hot threads."""

    def emit(self, happening: Happening) -> None:
        """Take note of `happening`."""
        ...


class LogTelemetry:
    """Happenings as structured log lines: the class name in snake case is the event, the fields are the keys."""

    def __init__(self, logger: structlog.typing.FilteringBoundLogger) -> None:
        self._logger = logger
        self._names: dict[type[Happening], str] = {}

    def emit(self, happening: Happening) -> None:
        """Log one line, where its level is written at all: chunks are many, and `asdict` copies."""
        if not self._logger.is_enabled_for(_NUMBERS[happening.level.upper()]):
            return
        kind = type(happening)
        name = self._names.get(kind) or self._names.setdefault(kind, _snake_case(kind.__name__))
        getattr(self._logger, happening.level)(name, **dataclasses.asdict(happening))


class Fanout:
    """Passes each happening to several receivers, in order."""

    def __init__(self, receivers: Sequence[Telemetry]) -> None:
        self._receivers = tuple(receivers)

    def emit(self, happening: Happening) -> None:
        """Tell everybody."""
        for receiver in self._receivers:
            receiver.emit(happening)


def _snake_case(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
