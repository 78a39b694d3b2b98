"""Exit codes, in one place. The same in every command."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Exit(IntEnum):
    """What a process of scrubber ends with."""

    meaning: str

    OK = 0, "Done, or stopped by one signal after everything in flight was finished."
    FAILED = (
        1,
        "It cannot go on: fenced, refused, out of time, a detector that failed, or a check that found something.",
    )
    CONFIG = 2, "The configuration or the command line is wrong; nothing was connected to."
    WATCHDOG = 70, "A transactional call never returned, and the watchdog ended the process."
    INTERRUPTED = 130, "A second signal, one while a worker starts, or Ctrl-C: what was in flight was dropped."

    def __new__(cls, code: int, meaning: str) -> Self:
        """Keep the meaning beside the number."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
