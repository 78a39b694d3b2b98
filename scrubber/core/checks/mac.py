"""Hardware addresses."""

from __future__ import annotations


def mac_address(value: bytes, text: bytes, _start: int, end: int) -> bool:
    """Six octets that are not all the same digit and not the first half of a longer run of octets."""
    if len(set(value.lower()) - set(b":-.")) < 2:
        return False
    return text[end : end + 1] not in (b":", b"-") or not text[end + 1 : end + 2].isalnum()
