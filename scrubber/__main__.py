"""`python -m scrubber`: the command line."""

import sys

from scrubber.cli import main

sys.exit(main())
