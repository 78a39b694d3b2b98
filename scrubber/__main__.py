"""`scrubber`, and `python -m scrubber`: the command line, which Ctrl-C ends without a word while it is imported."""

from __future__ import annotations

import os
import signal
import sys


def main() -> int:
    """Run one command, and return its exit code."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))  # `exits.py` is still to be imported
    from scrubber.cli import main as run  # noqa: PLC0415 - see above

    if is_ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return run()


if __name__ == "__main__":
    sys.exit(main())
