"""The long fuzz run: `make fuzz`, or `python -m tests.fuzz --runs 1000000`.

Half of the inputs are spoilt seeds; half are Atheris's, which follows the branches that it reaches in `scrubber.core`.
The first input that breaks a law ends the run and is kept in the folder.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["scrubber.core"]):
    import scrubber.core.formats
    import scrubber.core.views  # noqa: F401

from tests.fuzz.laws import check
from tests.fuzz.seeds import inputs, seeds, words

_BLOCK = 10_000


def _spoilt(count: int, seed: int, folder: Path) -> None:
    started = time.monotonic()
    for number, data in enumerate(inputs(count, seed), 1):
        try:
            check(data)
        except BaseException:
            (folder / "crash-spoilt").write_bytes(data)
            raise
        if number % _BLOCK == 0 or number == count:
            print(f"spoilt seeds: {number:,} of {count:,} in {time.monotonic() - started:,.0f} s", flush=True)


def main() -> None:
    """Run both halves; Atheris ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="corpus and crashes")
    options = parser.parse_args()
    corpus = options.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    dictionary = options.folder / "words"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words())
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    _spoilt(options.runs // 2, options.seed, options.folder)
    limits = [
        f"-runs={options.runs // 2}",
        f"-seed={options.seed}",
        "-max_len=2000",
        "-timeout=30",
        "-print_final_stats=1",
    ]
    places = [f"-dict={dictionary}", f"-artifact_prefix={options.folder}/", str(corpus)]
    atheris.Setup([sys.argv[0], *limits, *places], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
