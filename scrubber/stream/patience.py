"""Waiting for a cluster that is not there yet: exponential backoff with jitter inside one deadline, saying what for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import tenacity
from confluent_kafka import KafkaException

from scrubber.errors import RetriableStreamError, StreamError
from scrubber.stream import faults
from scrubber.telemetry import Telemetry, WaitingFor

FIRST_WAIT_SECS = 0.5
LONGEST_WAIT_SECS = 10.0

Answer = TypeVar("Answer")


class Patience:
    """Tries calls again while the cluster is away.

    Args:
        deadline_secs: for one call with all its repetitions.
        telemetry: told before each wait.
        stopping: set when the worker is told to stop; no wait goes on after that.
    """

    def __init__(self, deadline_secs: float, telemetry: Telemetry, stopping: threading.Event) -> None:
        self._deadline_secs = deadline_secs
        self._telemetry = telemetry
        self._stopping = stopping

    def call(self, function: Callable[[], Answer], what: str = "") -> Answer:
        """Return the answer of `function`; raises its last error once the deadline is over.

        What time cannot mend (fenced, not authorised, fatal) is raised at once. `what` is waited for; left out, the
        error says it.
        """

        def say(state: tenacity.RetryCallState) -> None:
            assert state.outcome is not None, "Retry without an outcome. This is a bug."
            error = state.outcome.exception()
            waited = round(state.seconds_since_start or 0.0, 1)
            self._telemetry.emit(WaitingFor(what or str(error), _code(error), state.attempt_number, waited))

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._may_pass),
            wait=tenacity.wait_exponential_jitter(multiplier=FIRST_WAIT_SECS, max=LONGEST_WAIT_SECS),
            stop=tenacity.stop_after_delay(self._deadline_secs),
            sleep=tenacity.sleep_using_event(self._stopping),
            before_sleep=say,
            reraise=True,
        )
        return retrying(function)

    def _may_pass(self, error: BaseException) -> bool:
        if self._stopping.is_set():
            return False
        if isinstance(error, KafkaException):
            cause = faults.kafka_error(error)
            return not cause.fatal() and faults.verdict(cause) in {faults.Verdict.REBUILD, faults.Verdict.ABORT}
        return isinstance(error, RetriableStreamError)


def _code(error: BaseException | None) -> str:
    if isinstance(error, KafkaException):
        return faults.code_name(faults.kafka_error(error))
    return error.code if isinstance(error, StreamError) else ""
