"""`scrubber run`: the worker."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click
import structlog

from scrubber import logs
from scrubber.cli import garbage, heaps
from scrubber.cli.exits import Exit
from scrubber.cli.observing import observing
from scrubber.cli.reload import reloading
from scrubber.cli.scrub_processes import scrub_processes, seal_of
from scrubber.config import ModelSection, load
from scrubber.errors import RetriableStreamError
from scrubber.stream import admin
from scrubber.stream.clients import KafkaClients
from scrubber.stream.runner import Runner

SWITCH_SECS = 0.001
"""For so long a thread that comes back from the broker or from a scrub process may wait for the interpreter lock, which
consume, detect and commit share; what they would do meanwhile, nobody does.
"""


@click.command
@click.option("--config", "file", required=True, type=click.Path(path_type=Path), help="Configuration file (YAML).")
def command(file: Path) -> int:
    """Scrub Kafka topics until stopped.

    SIGTERM or SIGINT: finish what is in flight, commit it, leave the group, end with 0. A second one, or one while it
    starts: end at once.
    New policies and rules are taken up when their files change, or on SIGHUP; wrong ones are told and left.
    """
    config = load(file, os.environ)
    # Until there is something to finish a signal ends it at once. As process 1 of a container it would not even hear a
    # SIGTERM that it had not asked for.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    heaps.share()
    sys.setswitchinterval(SWITCH_SECS)
    logs.set_up(config.logging)
    _say_which_model(config.models[0])
    with (
        observing(config) as (telemetry, turned, on_statistics, traced),
        scrub_processes(config, telemetry) as processes,
        reloading((*config.policies.values(), *config.rules), processes.reload, telemetry),
    ):
        garbage.leave_alone()
        stopping = Signals()
        stopping.listen()
        try:
            limits = admin.prepare(config.stream, telemetry, stopping=stopping.seen)
        except RetriableStreamError:
            if stopping.seen.is_set():  # told to stop while waiting for a cluster that never came
                return Exit.OK
            raise
        runner = Runner(
            config.stream,
            KafkaClients(config.stream, limits, on_statistics),
            traced(processes.begin),
            seal=seal_of(config, processes),
            limits=limits,
            telemetry=telemetry,
            turned=turned,
        )
        stopping.tell(runner)
        runner.run()
    return Exit.OK


def _say_which_model(model: ModelSection) -> None:
    """Say that the model is the default one: it sets the pace, and nobody chose it."""
    if "kind" not in model.model_fields_set:
        hint = "model: none runs on rules alone, and much faster; names in free text then stay"
        structlog.get_logger("scrubber").warning("no model configured", runs="embedded", hint=hint)


class Signals:
    """The first SIGTERM or SIGINT stops the worker, the second ends the process."""

    def __init__(self) -> None:
        self.seen = threading.Event()
        self._name = ""
        self._runner: Runner | None = None

    def listen(self) -> None:
        """Take over both signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def tell(self, runner: Runner) -> None:
        """Stop this runner from now on, also for a signal that came before there was one."""
        self._runner = runner
        if self.seen.is_set():
            runner.stop(self._name)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.seen.is_set():
            os._exit(Exit.INTERRUPTED)
        self._name = signal.Signals(number).name
        self.seen.set()
        if self._runner is not None:
            self._runner.stop(self._name)
