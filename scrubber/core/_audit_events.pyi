from collections.abc import Sequence

from scrubber.core.records import Record
from scrubber.core.spans import Redaction

def event(
    head: bytes, record: Record, redactions: Sequence[Redaction], excluded_characters: int, /
) -> bytes | None: ...
