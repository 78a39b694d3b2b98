"""Runs a command in this process, or as a process of its own, with real standard streams."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import NamedTuple

from scrubber.cli import main

ASK_A_MODEL = ("pipe", "detect", "explain", "eval")
PROGRAM = [sys.executable, "-m", "scrubber.cli"]
STDIN = 0


class Ran(NamedTuple):
    code: int
    out: bytes
    err: str


def without_a_model(arguments):
    """The arguments, with --rules-only where nothing is said: most tests are about something else than the model."""
    command, *others = map(str, arguments)
    said = {"--model", "--rules-only"} & set(others)
    return [command, *others] if said or command not in ASK_A_MODEL else [command, "--rules-only", *others]


def run_here(capfdbinary, *arguments, stdin=b""):
    """In this process: rules are compiled once for all tests."""
    capfdbinary.readouterr()
    with standard_input(stdin):
        code = main(without_a_model(arguments))
    captured = capfdbinary.readouterr()
    return Ran(code, captured.out, captured.err.decode())


@contextmanager
def standard_input(content):
    """Bytes, or a descriptor, as descriptor 0."""
    before = os.dup(STDIN)
    try:
        if isinstance(content, int):
            os.dup2(content, STDIN)
        else:
            with tempfile.TemporaryFile() as file:
                file.write(content)
                file.seek(0)
                os.dup2(file.fileno(), STDIN)
        yield
    finally:
        os.dup2(before, STDIN)
        os.close(before)


@contextmanager
def process(*arguments, **streams):
    """A process that does not outlive the test, and hears Ctrl-C even where the tests run in the background.

    A shell starts background commands with SIGINT ignored, and whatever they start inherits that.
    """
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        started = subprocess.Popen([*PROGRAM, *without_a_model(arguments)], **streams)
    finally:
        signal.signal(signal.SIGINT, before)
    with started:
        try:
            yield started
        finally:
            started.kill()
