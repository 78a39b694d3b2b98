"""Run a command with a Kafka beside it: `python -m tests.kafka_lab run -- COMMAND...`.

The command finds the bootstrap address in `SCRUBBER_TEST_BOOTSTRAP` and gets each SIGINT and SIGTERM that comes. When
it ends the broker is stopped, its data is deleted, and its exit status is passed on (128 + n for signal n).
Where no Kafka can be had, nothing is run: the exit status is 69 and standard error says what to install.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.kafka_lab.cluster import any_kafka
from tests.kafka_lab.distribution import Unavailable

NO_KAFKA = 69  # EX_UNAVAILABLE of sysexits.h


def run(command: Sequence[str]) -> int:
    """Start a Kafka, run the command, stop the Kafka; the exit status for this process."""
    with any_kafka() as kafka:
        child = subprocess.Popen(
            command,
            env={**os.environ, "SCRUBBER_TEST_BOOTSTRAP": kafka.bootstrap},
            process_group=0,  # a Ctrl-C reaches it once, from here, and not a second time from the terminal
        )
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, lambda number, _: child.send_signal(number))
        status = child.wait()
    return status if status >= 0 else 128 - status


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kafka_lab", description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="run a command with a Kafka beside it").add_argument("command", nargs="+")
    arguments = parser.parse_args()
    try:
        return run(arguments.command)
    except Unavailable as none:
        print(none, file=sys.stderr)
        return NO_KAFKA


if __name__ == "__main__":
    sys.exit(main())
