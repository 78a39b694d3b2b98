"""HTTP Basic credentials."""

from __future__ import annotations

import base64
import binascii


def credentials(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` is base64 of something with a colon, as `user:password` has."""
    try:
        return b":" in base64.b64decode(value + b"=" * (-len(value) % 4))
    except binascii.Error:
        return False
