"""IP addresses, and what only looks like one."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

# A four-part version number stands behind such a word; an address does not.
_VERSION_WORDS = frozenset(
    b"v ver vers version release rel build rev revision firmware fw driver product assembly upgrade package sdk".split()
)
_VERSION_ENDINGS = tuple({word[-2:] for word in _VERSION_WORDS})
_TO_A_NUMBER = b" \t:=#\"'("  # may stand between such a word and its number
_LETTERS = bytes(range(ord("a"), ord("z") + 1))
_PACKETS = re.compile(
    rb"(?i)(?:^|[^a-z])(?:ip|tcp|udp|icmp|accept|connect|connection|socks|flags)(?:[^a-z]|$)|(?:^|[\s\-])>"
)
_WORD_AND_COLON = re.compile(rb"(?i)(?:^|[^\w:])(?:ipv?6|ip|addr|host|from|to|src|dst|peer|client):$")
_PRODUCT_BEFORE = re.compile(rb"(?:^|[\s\"'(;,=])[A-Za-z][A-Za-z0-9._+\-]*/$")

_PORT = re.compile(rb":\d{5}(?![\w:])")  # too long for a part of the address
_EIGHT_OCTETS = re.compile(rb"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){7}")  # EUI-64, World Wide Name


def ipv4(_value: bytes, text: bytes, start: int, end: int) -> bool:
    """Whether four octets are an address: not a version number (`version 6.1.1.0`, `Chrome/99.0.1.2`), and with a fifth
    number behind them (`192.0.2.1.443`) only where the talk is of packets.
    """
    if not start and text[end : end + 1] == b" ":  # as access logs begin
        return True
    if _tells_no_version(text[start - 3 : start]) and text[end : end + 1] != b".":
        return True
    before = text[max(0, start - 40) : start]
    if before[-1:] == b"/":
        return not _is_product_version(before, text[end : end + 1])
    word = before.rstrip(_TO_A_NUMBER)
    if word[-1:].isalpha():
        word = word.lower()
        if word[len(word.rstrip(_LETTERS)) :] in _VERSION_WORDS:
            return False
    return text[end : end + 1] != b"." or not text[end + 1 : end + 2].isdigit() or _PACKETS.search(before) is not None


@lru_cache(maxsize=4096)  # logs say "from" and "ip=" all the time
def _tells_no_version(last: bytes) -> bool:
    """Whether three bytes are enough to see that no word for a version, nor a product, stands before an address."""
    word = last.lower().rstrip(_TO_A_NUMBER)
    return len(word) > 1 and not word.endswith((b"/", *_VERSION_ENDINGS))


def _is_product_version(before: bytes, after: bytes) -> bool:
    """`Chrome/99.0.1.2 ` is a product and its version; `http://192.0.2.1/` and `in /192.0.2.1:80` are not."""
    return _PRODUCT_BEFORE.search(before) is not None and after not in (b":", b"/")


def ipv6(value: bytes, text: bytes, start: int, end: int) -> bool:
    """Whether `value` is an IPv6 address and not a piece of something longer, or the address of nobody."""
    if value in (b"::", b"::1") or (text[end : end + 1] == b":" and not _PORT.match(text, end)):
        return False
    if text[start - 1 : start] == b":" and not _WORD_AND_COLON.search(text[max(0, start - 8) : start]):
        return False
    if (len(value) < 6 and value.count(b":") < 3) or _EIGHT_OCTETS.fullmatch(value):
        return False
    try:
        ipaddress.IPv6Address(value.decode("ascii"))
    except ValueError:
        return False
    return True
