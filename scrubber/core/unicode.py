"""Text that every library can read."""

from __future__ import annotations

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Return `text` with U+FFFD for each lone surrogate; every other code point stays in its place.

    JSON can escape half a surrogate pair, and Python keeps it; UTF-8, and so RE2 and orjson, cannot.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text)
    return text
