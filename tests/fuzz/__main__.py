"""The long fuzz run: `make fuzz`, or `python -m tests.fuzz --folder DIR --runs 1000000`.

Nine tenths of the inputs are spoilt seeds, in batches; a tenth are Atheris's, which goes where it reaches new branches
of `scrubber.core`. Inputs that break a law are kept in the folder; any at all, and the run ends with 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from itertools import islice
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["scrubber.core"]):
    import scrubber.core.formats
    import scrubber.core.views  # noqa: F401

from tests.fuzz.laws import Broken, check
from tests.fuzz.seeds import inputs, seeds, words

BATCH, REPORT = 500, 50_000


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


def main() -> None:
    """Run both parts; Atheris ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="for the corpus and for inputs that break a law")
    options = parser.parse_args()
    corpus = options.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    dictionary = options.folder / "words"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words())
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))

    run = Run(options.folder)
    followed = options.runs // 10
    spoilt = inputs(options.runs - followed, options.seed)
    while batch := list(islice(spoilt, BATCH)):
        run.batch(batch)
    run.report()

    def target(data: bytes) -> None:
        run.one(data)
        if run.done == options.runs:
            run.report()
            os._exit(1 if run.broken else 0)  # Atheris has no other way out

    limits = [f"-seed={options.seed}", "-max_len=2000", "-timeout=60", f"-dict={dictionary}", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
