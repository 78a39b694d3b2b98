"""What a scrub process does: `python -m scrubber.cli.scrubbing`, started by a worker (`scrub_processes.py`)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from scrubber import logs
from scrubber.cli import confess, garbage, heaps
from scrubber.cli.exits import Exit
from scrubber.cli.wiring import Engine, open_detectors, worker_engine
from scrubber.config import Config
from scrubber.config.rules import all_rules
from scrubber.core.records import Records, Touched
from scrubber.detect.apart.exchange import END_SECS
from scrubber.detect.apart.serve import Build, Told, received, serve
from scrubber.detect.rules.ready import begin, ready_tier
from scrubber.detect.runtime.memory import gpu_memory
from scrubber.telemetry import DetectorsReady, DeviceMemoryUsed, Telemetry

NICENESS = 19
"""The worker goes first: mostly it waits for the broker, and when it does not, it brings work for this process."""


class _Engine(NamedTuple):
    """What serves: an engine of the worker's configuration that tells of the memory it takes."""

    engine: Engine
    telemetry: Telemetry

    @property
    def digests(self) -> Mapping[str, str]:
        """See `serve.Engine`."""
        return self.engine.digests

    @property
    def rules(self) -> str:
        """See `serve.Engine`."""
        return self.engine.rules

    def touched(self, records: Records) -> Touched:
        """See `serve.Engine`."""
        touched = self.engine.touched(records)
        if (used := gpu_memory()) is not None:
            self.telemetry.emit(DeviceMemoryUsed(*used))
        return touched


@contextmanager
def engines(config: Config, telemetry: Telemetry) -> Iterator[Build]:
    """Load the models, and give what builds engines on it of policies and rules as they are then."""
    rules = all_rules(config.rules)
    begin(rules)
    with open_detectors(*config.models, telemetry=telemetry) as detectors:
        ready_tier(rules)  # what is wrong with them is told before anybody hears of detectors
        telemetry.emit(DetectorsReady(len(detectors)))

        def build() -> _Engine:
            engine = worker_engine(config, detectors, telemetry)
            garbage.leave_alone()
            heaps.give_back()
            return _Engine(engine, telemetry)

        yield build


def _end_soon() -> None:
    """End, whatever is being computed: nobody waits for it."""
    time.sleep(END_SECS)
    os._exit(Exit.OK)


def main() -> int:
    """Serve until the worker is gone."""
    requests, answers = received(os.fdopen(os.dup(0), "rb"), _end_soon), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever prints must not print into the answers
    os.nice(NICENESS)
    for config in requests:
        assert isinstance(config, Config), "The worker did not send its configuration first. This is a bug."
        logs.set_up(config.logging)
        told = Told()
        try:
            serve(requests, answers, engines(config, told), told)
        except Exception as error:  # noqa: BLE001 - a traceback ends with a message that may quote a record
            confess(error)
            return Exit.FAILED
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
