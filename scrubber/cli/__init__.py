"""The command line. Each command lives in the module of its name and is loaded when it is called.

`main` is the only place where errors become words and exit codes (`exits.py`).
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import importlib.metadata
import io
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from scrubber.cli import garbage
from scrubber.cli.exits import Exit
from scrubber.errors import ConfigError, ScrubberError

# Name -> what `scrubber --help` says. The command is `command` in `scrubber/cli/<name>.py` (with `_` for `-`).
COMMANDS: Final = {
    "run": "Scrub Kafka topics until stopped.",
    "demo": "See it work: sample records, a broker, a killed worker.",
    "pipe": "Scrub standard input to standard output.",
    "detect": "Say where something is, without changing anything.",
    "eval": "Score what is masked against labelled data, and propose thresholds.",
    "explain": "Show what is found in a text, by what, and what becomes of it.",
    "console": "Serve a page to try policies on, and to look at a worker.",
    "check": "Check a configuration, and on request the cluster it is for.",
    "config": "Show what a configuration may hold.",
    "reveal": "Put encrypted values back, with their key.",
    "audit": "Show audit events, count them, verify them, export them.",
    "quarantine": "Show quarantined records, or send them back.",
    "model": "Fetch models, and look at them.",
    "bench": "Measure a model on this machine.",
}

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LazyGroup(click.Group):
    """Lists its commands from a table, so that `--help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"scrubber.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command), "A command module without a command. This is a bug."
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(importlib.metadata.version("scrubber"), prog_name="scrubber")
def scrubber() -> None:
    """Keep personal data and secrets out of log pipelines."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. `arguments` None: the process is ours, and its arguments are meant."""
    garbage.look_rarely()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a text may hold what the terminal's encoding has not
    try:
        result = scrubber.main(arguments, prog_name="scrubber", standalone_mode=False)
        if arguments is None and sys.stdout is not None:
            sys.stdout.flush()  # what fails here, fails while there is somebody to say so
    except ConfigError as error:
        _complain(error)
        return Exit.CONFIG
    except ScrubberError as error:
        print(f"scrubber: {error}", file=sys.stderr)
        return Exit.FAILED
    except click.ClickException as error:
        error.show()
        return Exit.CONFIG if isinstance(error, click.UsageError) else Exit.FAILED
    except (click.Abort, KeyboardInterrupt):
        if arguments is None:
            _end_now()
        return Exit.INTERRUPTED
    except OSError as error:
        if error.errno in _FULL:
            print(f"scrubber: the output cannot be written: {error.strerror}", file=sys.stderr)
        elif error.errno != errno.EPIPE:  # that is a reader who has had enough
            confess(error)
        if arguments is None:
            _forget_output()
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 - a traceback ends with a message that may quote a record
        confess(error)
        return Exit.FAILED
    return int(result) if isinstance(result, int) else Exit.OK


def _end_now() -> NoReturn:
    """End the process as interrupted, whatever its threads wait for.

    An interrupt in the middle of an import can leave Python's import lock taken for good; the thread that compiles the
    rules then never ends, and an ordinary exit would wait for it.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it, or it is closed
            stream.flush()
    os._exit(Exit.INTERRUPTED)


def _forget_output() -> None:
    """Let what could not be written go, so that the interpreter does not try again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _complain(error: ConfigError) -> None:
    count = len(error.problems)
    print(f"scrubber: {count} {'problem' if count == 1 else 'problems'} with the configuration", file=sys.stderr)
    for problem in error.problems:
        print(f"  {problem}", file=sys.stderr)


def confess(error: Exception) -> None:
    """Say where a bug is, and nothing that somebody else's code put into the message."""
    from scrubber.logs import frames  # noqa: PLC0415 - `--help` does without a logging library

    ours = isinstance(error, AssertionError) and str(error).endswith("This is a bug.")
    told = str(error) if ours else "This is a bug. (The message is left out: it may quote a record.)"
    print(f"scrubber: {type(error).__qualname__}: {told}", file=sys.stderr)
    for frame in frames(error):
        print(f"  {frame}", file=sys.stderr)
