"""IP addresses, and what only looks like one."""

from __future__ import annotations

import ipaddress
import re

# A four-part version number stands behind such a word; an address does not.
_VERSION_BEFORE = re.compile(
    rb"(?:\b(?:v|ver|vers|version|release|rel|build|rev|revision|firmware|fw|driver|product|assembly|upgrade|package|sdk)"
    rb"[\"']?[\s:=#/\"'(]{0,4}|/)$",
    re.IGNORECASE,
)
_PRODUCT_BEFORE = re.compile(rb"(?:^|[\s\"'(;,=])[A-Za-z][A-Za-z0-9._+\-]*/$")


def ipv4(_value: bytes, text: bytes, start: int, end: int) -> bool:
    """Whether four octets are an address: not a version number (`version 6.1.1.0`, `Chrome/99.0.1.2`)."""
    before = text[max(0, start - 40) : start]
    if before[-1:] == b"/":
        return not _is_product_version(before, text[end : end + 1])
    return _VERSION_BEFORE.search(before) is None


def _is_product_version(before: bytes, after: bytes) -> bool:
    """`Chrome/99.0.1.2 ` is a product and its version; `http://192.0.2.1/` and `in /192.0.2.1:80` are not."""
    return _PRODUCT_BEFORE.search(before) is not None and after not in (b":", b"/")


def ipv6(value: bytes, text: bytes, _start: int, end: int) -> bool:
    """Whether `value` is an IPv6 address and not a piece of something longer, a time, or the unspecified address."""
    if text[end : end + 1] == b":" or value in (b"::", b"::1"):
        return False
    if len(value) < 6 and value.count(b":") < 3:
        return False
    try:
        ipaddress.IPv6Address(value.decode("ascii"))
    except ValueError:
        return False
    return True
