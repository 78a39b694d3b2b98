"""The fault plan: which call fails, as which error, and whether its effect happened all the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import KafkaException

Outcome = Literal["error", "hang", "crash"]


class ClientCrashed(BaseException):
    """The process of this client is gone. No `Exception`, so that no error handling of a worker revives it."""


@dataclass(slots=True)
class Fault:
    """The `nth` call of `call` (by `client`, or by anybody) from now on ends in `outcome`.

    `applied`: the broker did it and only the answer was lost.
    """

    call: str
    nth: int
    outcome: Outcome
    error: Exception | None
    applied: bool
    client: object | None


class FaultPlan:
    """Faults that still wait for their call, counted per fault from the moment it was planned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.hangs_over = threading.Event()

    def add(self, fault: Fault) -> None:
        """Plan one; refuses what no broker does, so that no test proves anything about an impossible world."""
        if fault.call == "commit_transaction" and fault.applied and is_abortable(fault.error):
            raise ValueError("a commit that took effect is never answered with an abortable error")
        with self._lock:
            self._waiting.append(fault)

    def take(self, call: str, client: object, owner: object) -> Fault | None:
        """The fault that hits this call, if any."""
        with self._lock:
            hit = None
            for fault in [f for f in self._waiting if f.call == call and f.client in (None, client, owner)]:
                fault.nth -= 1
                if fault.nth <= 0 and hit is None:
                    hit = fault
                    self._waiting.remove(fault)
            return hit

    def clear(self) -> None:
        """Forget what is still waiting."""
        with self._lock:
            self._waiting.clear()

    @property
    def pending(self) -> int:
        """How many planned faults have not met their call yet."""
        return len(self._waiting)


def is_abortable(error: Exception | None) -> bool:
    """Whether the error says that the transaction must be aborted."""
    return isinstance(error, KafkaException) and error.args[0].txn_requires_abort()
