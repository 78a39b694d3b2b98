"""What the worker and its scrub process say to each other: pickled, over two pipes that nobody else holds.

The first message is whatever the process needs to begin, the first answer `Ready` or the error that prevents it. From
then on each request has one answer, in order; between them comes what happens meanwhile.
"""

from __future__ import annotations

import pickle
from enum import Enum, auto
from typing import IO, Any, NamedTuple

from scrubber.core.records import Clean, Headers, Outcome, Quarantined, Touched
from scrubber.errors import ScrubberError
from scrubber.telemetry import Happening

_new = tuple.__new__
_LENGTH_BYTES = 8


class Request(Enum):
    """What is asked for beside scrubbing."""

    PREPARE = auto()
    """Read policies and rules again, beside the work; answered at once, with `Preparing`."""

    LOOK = auto()
    """What was prepared: `Ready`, `Preparing` while it is not, or the error that prevents it."""

    TAKE = auto()
    """Put what was prepared, and is `Ready`, in force."""


class Ready(NamedTuple):
    """There is an engine, of policies of these digests by name, and of rules of this digest."""

    digests: dict[str, str]
    rules: str


class Preparing(NamedTuple):
    """New policies and rules are being compiled."""


class Working(NamedTuple):
    """No answer yet, but things have happened. Comes between the answers."""


class Scrubbed(NamedTuple):
    """`Touched` without its named tuples: outcomes by the place of their record."""

    stamps: dict[str, Headers]
    clean: dict[int, tuple[Any, ...]]
    quarantined: dict[int, tuple[Any, ...]]

    @classmethod
    def of(cls, touched: Touched) -> Scrubbed:
        """Pack `touched`."""
        clean: dict[int, tuple[Any, ...]] = {}
        quarantined: dict[int, tuple[Any, ...]] = {}
        for place, outcome in touched.outcomes.items():
            (clean if type(outcome) is Clean else quarantined)[place] = tuple(outcome)
        return cls(touched.stamps, clean, quarantined)

    def unpacked(self) -> Touched:
        """Return it as it was."""
        outcomes: dict[int, Outcome] = {place: _new(Clean, fields) for place, fields in self.clean.items()}
        outcomes.update({place: Quarantined(*fields) for place, fields in self.quarantined.items()})
        return Touched(self.stamps, outcomes)


Answer = Ready | Preparing | Scrubbed | ScrubberError


class Reply(NamedTuple):
    """An answer, and what happened in the process since the one before."""

    answer: Answer | Working
    happenings: list[Happening]


def write(message: object, pipe: IO[bytes]) -> None:
    """Send `message`: its length, then itself, pickled. Raises OSError or ValueError where nobody reads any more."""
    packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    pipe.write(len(packed).to_bytes(_LENGTH_BYTES))
    pipe.write(packed)
    pipe.flush()


def read(pipe: IO[bytes]) -> bytes | None:
    """Wait for a message, still pickled; None at the end of the pipe, be it in the middle of a message.

    To unpickle straight from the pipe would give up the interpreter lock, and wait for it, every 64 kB.
    """
    length = int.from_bytes(pipe.read(_LENGTH_BYTES))
    packed = pipe.read(length)
    return packed if packed and len(packed) == length else None
