"""The steps of `plain_steps.py`: compiled where the package was built with a compiler."""

from __future__ import annotations

try:
    from scrubber.core import _plain_steps as steps
except ImportError:
    from scrubber.core import plain_steps as steps  # type: ignore[no-redef]

findings_of, is_plain, splice, starred = steps.findings_of, steps.is_plain, steps.splice, steps.starred
