"""Hardware addresses."""

from __future__ import annotations

import re

_GOES_ON = re.compile(rb"(?P<sign>[:\-.])[0-9A-Fa-f]{2,4}(?![0-9A-Za-z])")


def mac_address(value: bytes, text: bytes, _start: int, end: int) -> bool:
    """Six octets that are not all the same digit and not the first half of a longer run of octets."""
    if len(set(value.lower()) - set(b":-.")) < 2:
        return False
    following = _GOES_ON.match(text, end)
    if following is None or following["sign"] not in value:
        return True
    return following.end() - end - 1 != value.index(following["sign"])
