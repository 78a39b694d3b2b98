"""Run a command with a Kafka beside it.

    python -m tests.kafka_lab run -- COMMAND...     the command finds the address in SCRUBBER_TEST_BOOTSTRAP
    python -m tests.kafka_lab demo [OPTION...]      `scrubber demo` on it; where there is none, on the mock cluster

The command gets each SIGINT, SIGTERM and SIGHUP that comes. When it ends the broker is stopped, its data is deleted,
and its exit status is passed on (128 + n for signal n). `run` without a Kafka runs nothing: the exit status is 69 and
standard error says what to install.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.kafka_lab.cluster import Kafka, any_kafka
from tests.kafka_lab.distribution import Unavailable

NO_KAFKA = 69  # EX_UNAVAILABLE of sysexits.h
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SCRUBBER_DEMO = (str(Path(sys.executable).with_name("scrubber")), "demo")


def run(command: Sequence[str]) -> int:
    try:
        with any_kafka() as kafka:
            return _beside(kafka, command)
    except Unavailable as none:
        print(none, file=sys.stderr)
        return NO_KAFKA


def demo(options: Sequence[str]) -> int:
    try:
        with any_kafka() as kafka:
            return _beside(kafka, [*SCRUBBER_DEMO, "--bootstrap", kafka.bootstrap, *options])
    except Unavailable as none:
        print(
            f"No Apache Kafka can be started here, so the demo runs on librdkafka's mock cluster. {none}\n", flush=True
        )
        return subprocess.call([*SCRUBBER_DEMO, *options])


def _beside(kafka: Kafka, command: Sequence[str]) -> int:
    child = subprocess.Popen(
        command,
        env={**os.environ, "SCRUBBER_TEST_BOOTSTRAP": kafka.bootstrap},
        process_group=0,  # a Ctrl-C reaches it once, from here, and not a second time from the terminal
    )
    ours = {number: signal.signal(number, lambda number, _: child.send_signal(number)) for number in FORWARDED}
    status = child.wait()
    for number, handler in ours.items():
        signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def main(words: Sequence[str]) -> int:
    match words:
        case ["run", "--", _, *_]:
            return run(words[2:])
        case ["demo", *options]:
            return demo(options)
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
