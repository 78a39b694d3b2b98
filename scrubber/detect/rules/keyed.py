"""Patterns for values that a key name proves: `ssn=V`, `"ssn": "V"`, `SSN is V`, `<ssn>V</ssn>`, `customerSsn: V`.

A rule gives the keys and the shape of the value; what may stand before, between and behind is the same for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Field separators (comma, semicolon, brace, bar, line end) never stand between a key and its value.
_SIGNS = r"(?:[^\w,;{}|\r\n]|%3[ad]|%2[02]|&quot;)"
_BETWEEN = (
    r"(?:[ \t]?[(\[][a-z .\d]{1,16}[)\]])?"  # a remark: account (savings): V
    rf"{_SIGNS}{{0,8}}?"
    rf"(?:(?:is|was|no|nr|num|number|nummer|numero|id|code|value){_SIGNS}{{1,6}}?){{0,2}}?"
)
_AFTER = r"(?:[^\w\-]|_|-[^\w]|-?$)"


def keyed_pattern(keys: Sequence[str], value: str) -> str:
    """The pattern of `value` behind one of `keys`, in any letter case; a space in a key stands for space, _, -, . or
    none.

    A key is a whole word (`_` and the like may touch it: `customer_ssn`) or the last part of a camelCase name.
    """
    plain = "|".join(_spaced(key.split()) for key in keys)
    camel = "|".join("".join(re.escape(word.capitalize()) for word in key.split()) for key in keys)
    return rf"(?:(?:^|[^A-Za-z0-9])(?i:{plain})|[a-z](?:{camel}))(?i:{_BETWEEN})(?i:({value})){_AFTER}"


def _spaced(words: Sequence[str]) -> str:
    return r"[ _.\-]{0,2}".join(re.escape(word) for word in words)
