"""`python -m scrubber.cli`: the command line of exactly this interpreter and package."""

import sys

from scrubber.cli import main

sys.exit(main())
