"""Worker processes (`scrubber run`) to hurt: killed, stopped, frozen, and started again as by a supervisor."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.faults.job import PLANTED, Job
from tests.faults.verify import Progress
from tests.kafka_lab import guard

SCRUBBER = Path(sys.executable).with_name("scrubber")
LOG_TAIL_LINES = 60
STOP_SECS = 60


class Ended(NamedTuple):
    """How a worker ended: exit code, or minus the signal."""

    worker: str
    code: int


class Fleet:
    """Workers named `w0`, `w1`, ... of one job; whatever happens, none of them outlives the `with` block.

    Args:
        job: what they work on.
        folder: for configurations and logs.
        bootstrap: the address that workers use, where it is not the job's.
    """

    def __init__(self, job: Job, folder: Path, *, bootstrap: str | None = None) -> None:
        self.job = job
        self.ended: list[Ended] = []
        self._folder = folder
        self._running = folder / "running"
        self._bootstrap = bootstrap
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._started_at: dict[str, float] = {}
        self._log_begins: dict[str, int] = {}
        self._strays: list[subprocess.Popen[bytes]] = []
        self._progress = Progress(job)

    @property
    def names(self) -> list[str]:
        """The workers that should be running, the one that has run longest first."""
        return sorted(self._workers, key=self._started_at.__getitem__)

    def start(self, worker: str) -> None:
        """Start a worker, or its replacement."""
        config = self.job.write_config(self._folder, worker, self._bootstrap)
        with self._log(worker).open("ab") as log:
            self._log_begins[worker] = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", SCRUBBER, "run", "--config", config],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._workers[worker] = process
        self._started_at[worker] = time.monotonic()
        noted = self._running / f"{worker}-{process.pid}"
        noted.mkdir()
        (noted / "pid").write_text(str(process.pid))

    def start_all(self, count: int) -> None:
        """Start that many."""
        for number in range(count):
            self.start(f"w{number}")

    def kill(self, worker: str) -> None:
        """SIGKILL; `supervise` starts it again."""
        self._workers[worker].kill()
        self._workers[worker].wait()

    def stop(self, worker: str) -> None:
        """SIGTERM, and wait until it has drained."""
        self._workers[worker].terminate()
        self._workers[worker].wait(STOP_SECS)

    def retire(self, worker: str) -> None:
        """Stop a worker for good."""
        self.stop(worker)
        self.ended.append(Ended(worker, self._workers.pop(worker).returncode))

    def freeze(self, worker: str) -> subprocess.Popen[bytes]:
        """SIGSTOP; it is out of the fleet from now on. The caller thaws it with SIGCONT."""
        frozen = self._workers.pop(worker)
        self._strays.append(frozen)
        frozen.send_signal(signal.SIGSTOP)
        return frozen

    def supervise(self) -> None:
        """Note who has ended, and start each of them again."""
        for worker, process in list(self._workers.items()):
            if process.poll() is not None:
                self.ended.append(Ended(worker, process.returncode))
                self.start(worker)

    def run_for(self, secs: float) -> None:
        """Supervise for that long."""
        deadline = time.monotonic() + secs
        while time.monotonic() < deadline:
            self.supervise()
            time.sleep(0.1)

    def until(self, condition: Callable[[], bool], secs: float = 120) -> None:
        """Supervise until the condition holds."""
        deadline = time.monotonic() + secs
        while not condition():
            if time.monotonic() >= deadline:
                self._tell_where_they_stand()
                raise AssertionError(f"waited {secs} s in vain; {self.ended}\n{self.log_tail()}")
            self.supervise()
            time.sleep(0.2)

    def until_done(self, records: int, secs: float = 120) -> None:
        """Supervise until the group has committed everything, then stop all workers."""
        self.until(lambda: self._progress.committed() == records, secs)
        for worker in self.names:
            self.retire(worker)

    def until_at_work(self, records: int = 200) -> None:
        """Supervise until about that many records are in the clean topic."""
        self.until(lambda: self._progress.written() >= records)

    def has_joined(self, worker: str) -> bool:
        """Whether the worker that runs under this name now was given partitions."""
        mine = self._log(worker).read_bytes()[self._log_begins[worker] :]
        return any(b'"partitions_assigned"' in line and b'"partitions":[]' not in line for line in mine.splitlines())

    def codes(self) -> set[int]:
        """Every way in which workers have ended so far."""
        return {each.code for each in self.ended}

    def log_tail(self) -> str:
        """The end of every worker's log."""
        tails = []
        for file in sorted(self._folder.glob("*.log")):
            lines = file.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
            tails.append("\n".join([f"--- {file.stem} ---", *lines]))
        return "\n".join(tails)

    def has_logged_raw_values(self) -> bool:
        """Whether a planted value is in any worker's log."""
        return any(PLANTED in file.read_bytes() for file in self._folder.glob("*.log"))

    def __enter__(self) -> Self:
        self._running.mkdir(exist_ok=True)
        self._guard = subprocess.Popen(  # ends the workers should this process be killed
            [sys.executable, "-S", guard.__file__, str(self._running), str(os.getpid())],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in [*self._workers.values(), *self._strays]:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        self._progress.close()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(STOP_SECS)

    def _tell_where_they_stand(self) -> None:
        """End every worker by SIGABRT, at which it writes the stack of each of its threads to its log."""
        for process in self._workers.values():
            process.send_signal(signal.SIGABRT)
            process.wait()

    def _log(self, worker: str) -> Path:
        return self._folder / f"{worker}.log"
