"""A fuzz run: what was checked, and what was wrong."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fuzz.laws import Broken, check

REPORT = 50_000


class Run:
    """Checks inputs, counts them, and keeps those that break a law."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = time.monotonic()
        self._reported = self.done = self.broken = 0

    def batch(self, batch: list[bytes]) -> None:
        """Check `batch`; if something is wrong with it, each of it alone."""
        try:
            check(batch)
        except Exception:  # noqa: BLE001 - whatever it is: which input was it?
            for data in batch:
                self.one(data, counts=False)
        self._count(len(batch))

    def one(self, data: bytes, *, counts: bool = True) -> None:
        """Check one input."""
        try:
            check([data])
        except Exception as error:  # noqa: BLE001 - it is kept, and the run goes on
            self.broken += 1
            (self._folder / f"broken-{self.broken}").write_bytes(data)
            law = str(error) if isinstance(error, Broken) else type(error).__name__
            print(f"broken-{self.broken}: {law}", flush=True)
        if counts:
            self._count(1)

    def _count(self, inputs: int) -> None:
        self.done += inputs
        if self.done - self._reported >= REPORT:
            self._reported = self.done
            self.report()

    def report(self) -> None:
        """Say how far it is."""
        print(f"{self.done:,} inputs, {self.broken} broken, {time.monotonic() - self._started:,.0f} s", flush=True)
