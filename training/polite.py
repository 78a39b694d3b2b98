"""Run a command in the background of a busy machine: `python -m training.polite [--nice N] [--yield-to LOCKFILE] COMMAND...`.

The command runs in the idle scheduling class (or with the niceness that is given), and stands still while somebody else holds LOCKFILE (flock).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType


def held_by_another(lock: Path) -> bool:
    """Whether another process holds `lock` now."""
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def main() -> int:
    """Command line; returns the command's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yield-to", type=Path, help="stand still while this file is locked by another")
    parser.add_argument("--nice", type=int, help="this niceness instead of the idle class, for a share of the machine")
    parser.add_argument("--poll-s", type=float, default=1.0)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    standing_back = ["chrt", "-i", "0", "nice", "-n", "19"] if args.nice is None else ["nice", "-n", str(args.nice)]
    child = subprocess.Popen([*standing_back, *args.command])  # noqa: S603

    def stop(_signal: int, _frame: FrameType | None) -> None:
        child.send_signal(signal.SIGCONT)
        child.terminate()

    signal.signal(signal.SIGTERM, stop)
    standing = False
    while child.poll() is None:
        if args.yield_to and held_by_another(args.yield_to) != standing:
            standing = not standing
            os.kill(child.pid, signal.SIGSTOP if standing else signal.SIGCONT)
        time.sleep(args.poll_s)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main())
