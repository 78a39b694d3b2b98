"""Every error scrubber raises, named by what is done about it.

    ScrubberError
    ├── ConfigError                  the user can fix it; raised before any I/O, all problems at once; exit 2
    ├── RecordError                  this record only: it goes to quarantine, in the same transaction
    ├── DetectorError                the detector, not the record
    │   ├── DetectorOverloaded       halve the batch and try again, down to one text
    │   └── DetectorFailed           stop: nothing raw may go on; exit 1
    └── StreamError
        ├── RetriableStreamError     try again inside one deadline
        ├── AbortableTransactionError  abort, send the same results again from memory
        └── FatalStreamError         fenced, fatal or impossible to class: exit 1

No message, `repr` or attribute of these ever holds text of a record: reason codes, coordinates and sizes only.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong with a configuration: where, what, and how to put it right."""

    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """`path: message (hint)`, one line."""
        where = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"


class Reason(StrEnum):
    """Why a record is in quarantine. A closed set: it labels a metric."""

    UNDECODABLE = "undecodable"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    TOO_LONG = "too_long"
    RESIDUAL = "residual"
    POLICY_DROP = "policy_drop"
    INTERNAL_ERROR = "internal_error"


class ScrubberError(Exception):
    """Base of all errors that scrubber raises on purpose."""


class ConfigError(ScrubberError):
    """The configuration is wrong; `problems` lists everything that is."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "A ConfigError without a problem. This is a bug."
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        """Pickle the problems: the message alone does not make one."""
        return type(self), (self.problems,)


class RecordError(ScrubberError):
    """One record cannot be scrubbed; `reason` is its code in the quarantine topic."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


class DetectorError(ScrubberError):
    """A detector could not answer. Never read as "no spans"."""


class DetectorOverloaded(DetectorError):
    """The batch was too much for the device; a smaller one may do."""


class DetectorFailed(DetectorError):
    """The detector cannot go on, so neither can the worker."""


class StreamError(ScrubberError):
    """Kafka said no; translated once, in `stream/faults.py`."""

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class RetriableStreamError(StreamError):
    """The same call may succeed a little later."""


class AbortableTransactionError(StreamError):
    """The transaction is lost, its results are not: abort and produce them again."""


class FatalStreamError(StreamError):
    """This worker cannot go on (fenced, refused, or in a state nobody can name)."""
