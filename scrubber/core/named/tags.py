"""Values whose tag says what they are: FIX (`8=FIX.4.4|553=bob|554=V`) and SWIFT MT (`:50K:/123`, then a name)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import NamedValue

MARK = r"\b8=FIXT?\.|(?:^|[^0-9A-Za-z]):(?:50[FHK]|59F?):"
"""In every text in which a tag may name a value."""

_FIX = re.compile(rb"\b8=FIXT?\.\d\.\d(?:SP\d)?(?P<between>[\x01|^;~]A?|<SOH>)(?P<fields>[^\r\n\"]*+)")
_FIX_NAMES = {
    b"1": b"account number",
    b"50": b"username",
    b"448": b"username",
    b"553": b"username",
    b"554": b"password",
    b"925": b"password",
}
_PARTY, _ROLE = b"448", b"452"
_PEOPLE = frozenset(b"3 5 11 12 24 36 37 38 44 53 122".split())
"""Roles of parties that may be people: clients, investors, traders. All others are firms."""

_MT = re.compile(
    rb"(?<![0-9A-Za-z]):(?:50[HK]|59|(?P<numbered>50F|59F)):(?P<first>[^\r\n\"]{0,40}+)"
    rb"(?P<lines>(?:\r?\n(?!:\d\d[A-Z]?:|-\})[^\r\n\"]{1,40}+){0,5}+)"
)
_LINE = re.compile(rb"[^\r\n]++")
_ACCOUNT = b"/"
_IN_ORDER = (b"account holder", b"street")
_NUMBERED = {b"1/": b"account holder", b"2/": b"street", b"4/": b"dob"}


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values of all messages under the names of their tags."""
    for message in _FIX.finditer(text):
        yield from _of_fix(
            message["fields"].split(message["between"]), message.start("fields"), len(message["between"])
        )
    for party in _MT.finditer(text):
        lines = [(match[0], match.start()) for match in _LINE.finditer(text, party.start("first"), party.end())]
        if party["numbered"]:
            for line, start in lines:
                if line[:2] in _NUMBERED:
                    yield NamedValue(_NUMBERED[line[:2]], start + 2, start + len(line), bare=True)
        else:
            unnamed = (line for line in lines if not line[0].startswith(_ACCOUNT))
            for name, (line, start) in zip(_IN_ORDER, unnamed, strict=False):
                yield NamedValue(name, start, start + len(line), bare=True)


def _of_fix(fields: list[bytes], start: int, between: int) -> Iterator[NamedValue]:
    party: NamedValue | None = None  # whose role is still to come
    for field in fields:
        tag, _, value = field.partition(b"=")
        if tag == _ROLE and value not in _PEOPLE:
            party = None
        elif tag in _FIX_NAMES and value:
            named = NamedValue(_FIX_NAMES[tag], start + len(tag) + 1, start + len(field), bare=True)
            if tag != _PARTY:
                yield named
            else:
                if party is not None:
                    yield party
                party = named
        start += len(field) + between
    if party is not None:
        yield party
