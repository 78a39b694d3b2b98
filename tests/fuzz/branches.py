"""Fuzzing with Atheris, which goes where it reaches new branches of `scrubber.core`: part of `make fuzz`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["scrubber.core"]):
    import scrubber.core.formats
    import scrubber.core.views  # noqa: F401

from tests.fuzz.laws import check
from tests.fuzz.run import Run
from tests.fuzz.seeds import seeds, words


def main() -> None:
    """Follow branches; Atheris ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="for the corpus and for inputs that break a law")
    options = parser.parse_args()
    corpus, dictionary = options.folder / "corpus", options.folder / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words())
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    run = Run(options.folder)
    check([b""])  # rules are compiled before the clock of the first input runs

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
