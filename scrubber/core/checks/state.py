"""Words of a message that say what is the matter with a value, where the value itself might stand."""

from __future__ import annotations

_ENDINGS = (b"ed", b"ing", b"able", b"ible")


def is_state(word: bytes) -> bool:
    """Whether `word`, in lower case, says so by its ending: `password is expired`, `username is missing`."""
    return word.endswith(_ENDINGS)
