"""Commands with an end: those of a test, and those that fetch or build what tests need.

All that is fetched or built in one run of the tests may take `SCRUBBER_OPS_TOOLS_SECS` together (an hour if that is not
set). What was not done by then is left out, and so is what this machine cannot reach.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from tests.kafka_lab.distribution import Unavailable

TOOLS_SECS: Final = float(os.environ.get("SCRUBBER_OPS_TOOLS_SECS", "3600"))
CLEAN_UP_SECS: Final = 10
_UNREACHED: Final = re.compile(
    r".*(dial tcp|no such host|i/o timeout|TLS handshake|proxyconnect|module lookup disabled|reading http\S+: [45]\d\d|"
    r"Temporary failure|Could not resolve|Failed to fetch|error sending request|NewConnectionError|ProxyError|"
    r"Read timed out|Network is unreachable|[Cc]onnection refused|No space left on device).*"
)
_spent = 0.0

Given, Made = ParamSpec("Given"), TypeVar("Made")


class TooSlow(AssertionError):
    """A command was not done in its time, and was ended with all that it had started."""


def run(*command: str | Path, secs: float = 600, **options: Any) -> str:
    """Run a command to its end and return what it printed on stdout.

    Raises:
        AssertionError: it failed; with all it printed.
        TooSlow: it was not done in time.
    """
    words = [str(word) for word in command]
    given = options.pop("input", None)
    streams = {"stdin": subprocess.PIPE if given is not None else subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with subprocess.Popen(
        words,
        **streams,  # type: ignore[call-overload]
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    ) as process:
        try:
            said, complained = process.communicate(given, secs)
        except BaseException as stopped:  # also where pytest's own limit is over: nothing goes on behind its back
            _end(process)
            if isinstance(stopped, subprocess.TimeoutExpired):
                raise TooSlow(f"{' '.join(words)}\nwas not done in {secs:.0f} s") from None
            raise
    end = f"{said[-4_000:]}\n{complained[-8_000:]}"
    assert process.returncode == 0, f"{' '.join(words)}\nended with {process.returncode}\n{end}"
    return str(said)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process with all that it started; what cleans up behind itself gets the time for it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(CLEAN_UP_SECS)


def make_ready(*command: str | Path, secs: float, **options: Any) -> str:
    """Run a command that fetches or builds what tests need.

    Raises:
        Unavailable: what it needs is not reached from here, or there is no time for it.
        AssertionError: it failed otherwise; with all it printed.
    """
    global _spent  # noqa: PLW0603 - of this run of the tests
    left = min(secs, TOOLS_SECS - _spent)
    if left <= 0:
        raise Unavailable(f"the {TOOLS_SECS:.0f} s for tools are over (SCRUBBER_OPS_TOOLS_SECS)")
    began = time.monotonic()
    try:
        return run(*command, secs=left, **options)
    except TooSlow as slow:
        raise Unavailable(f"no time to make it ready: {slow}") from None
    except AssertionError as failed:
        if unreached := _UNREACHED.search(str(failed).partition("\nended with ")[2]):
            raise Unavailable(f"cannot be fetched here: {unreached[0].strip()}") from None
        raise
    finally:
        _spent += time.monotonic() - began


def once(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Remember for each arguments what `make` made, or why it could not: the next test does not try again."""

    @cache
    def tried(*given: Any, **named: Any) -> tuple[Made | None, Exception | None]:
        try:
            return make(*given, **named), None
        except (Unavailable, AssertionError) as failed:
            return None, failed

    @wraps(make)
    def remembered(*given: Given.args, **named: Given.kwargs) -> Made:
        made, failed = tried(*given, **named)
        if failed is not None:
            raise failed.with_traceback(None)
        return made  # type: ignore[return-value]

    return remembered
