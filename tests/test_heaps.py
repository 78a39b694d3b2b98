"""What the start has freed goes back to the system, and is not kept for as long as a worker lives."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import re
from pathlib import Path
from scrubber.cli import heaps

def resident_mb():
    return int(re.search(r"RssAnon:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1_000

pieces = [bytes(4_000) for _ in range(25_000)]
kept = pieces[::100]
del pieces
before = resident_mb()
heaps.give_back()
print(before - resident_mb())
"""


def test_what_is_free_between_what_is_used_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 50
