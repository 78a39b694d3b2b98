"""The long fuzz run: `make fuzz`, or `python -m tests.fuzz --folder DIR --runs 1000000`: spoilt seeds, in batches.

Inputs that break a law are kept in the folder; any at all, and the run ends with 1.
"""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from pathlib import Path

from tests.fuzz.run import Run
from tests.fuzz.seeds import inputs

BATCH = 500


def main() -> int:
    """Check spoilt seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="for inputs that break a law")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    run = Run(options.folder)
    spoilt = inputs(options.runs, options.seed)
    while batch := list(islice(spoilt, BATCH)):
        run.batch(batch)
    run.report()
    return 1 if run.broken else 0


if __name__ == "__main__":
    sys.exit(main())
