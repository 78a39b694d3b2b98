"""Values that a dump of objects wraps or pairs with their name: `phone: Some("V")`, `["phone"]=> string(10) "V"`,
`[("phone", "V"), ("zip", "W")]`, `[phone:protected] => V`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.checks.field_name import listed_name
from scrubber.core.named.base import NamedValue

MARK = (
    r"\b(?:Some|Just|Optional|Secret)[(\[ ]|\[\]string\{|string\(\d{1,6}\)\s\""
    r"|[(\[][(\[][\"'][\w\-]{2,64}[\"'],\s?[\"']|:(?:protected|private)\] => "
)
"""In every text in which a dump may wrap a value, or pair it with its name."""

_WRAPPED = re.compile(
    rb"""(?<![\w\-])([A-Za-z][\w\-]{1,63}+)["']?(?::(?:protected|private|"\w{1,64}+":private))?\]?\s{0,2}"""
    rb"""(?:=>|[:=])\s{0,8}(?:(?:Some|Just|Optional|Secret)[(\[ ]|\[\]string\{|string\(\d{1,6}\)\s)"""
    rb"""(?:"([^"\r\n]{1,500}+)"|([^\s"'()\[\]{},]{1,500}+)(?=[)\]]))"""
)
_PAIR = re.compile(
    rb"""(?:[(\[]|[)\]],\s?)[(\[]["']([A-Za-z][\w\-]{1,63}+)["'],\s?(?:"([^"\r\n]{1,500}+)"|'([^'\r\n]{1,500}+)')(?=[)\]])"""
)

_MEMBER = re.compile(
    rb"\[([A-Za-z]\w{0,63}+)(?::protected|:[\w\\]{1,200}?:private)\] => "
    rb"(?!Array\b|[\w\\]{1,200}+ Object\b)([^\s\[\]\"](?:[^\s\[\]\"]| (?![\[)])){0,500})"
)


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values, without quotes. What looks like a name beside another one is a list of names."""
    for wrapped in _WRAPPED.finditer(text):
        yield NamedValue(wrapped[1], *wrapped.span(wrapped.lastindex or 0), bare=True)
    for member in _MEMBER.finditer(text):
        yield NamedValue(member[1], *member.span(2), bare=True)
    for pair in _PAIR.finditer(text):
        start, end = pair.span(pair.lastindex or 0)
        if not listed_name(text[start:end], text, start):
            yield NamedValue(pair[1], start, end, bare=True)
