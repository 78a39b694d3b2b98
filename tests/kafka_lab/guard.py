"""The last one out: ends the nodes of a LocalKafka and deletes its data when its owner is gone, however it went.

Run as `python guard.py FOLDER OWNER_PID`. The owner holds the other end of standard input and never writes: the end of
it, or another parent, means that the owner has stopped or was killed. Standard library only, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path


def main(folder: Path, owner: int) -> None:
    while os.getppid() == owner and not select.select([sys.stdin], [], [], 0.5)[0]:
        pass
    for pid in folder.glob("*/pid"):
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(pid.read_text()), signal.SIGKILL)
    for _ in range(100):  # a node that is just ending may still create a file
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
