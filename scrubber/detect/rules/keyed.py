"""Patterns for values that a key name proves. A rule gives the keys; how keys and values are joined is the same for
all.

`keyed_pattern`: a value of a known shape. `ssn=V`, `"ssn": "V"`, `SSN is V`, `<ssn>V</ssn>`, `customerSsn: V`.
`assigned_pattern`: any value, in any quoting style. `password="V"`, `--password V`, `password => 'V'`, `password 'V'`.

A key is a whole word in any letter case (`_` and the like may touch it: `customer_ssn`), or the last part of a
camelCase name. A space in a key stands for space, _, -, . or nothing; a * before it says that any letters may stand
there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Field separators (comma, semicolon, brace, bar, line end) never stand between a key and its value.
_SIGNS = r"[^\w,;{}|\r\n]"
_BETWEEN = (
    rf"{_SIGNS}{{0,8}}?"
    rf"(?:(?:is|are|was|ist|no|nr|n|num|number|nummer|id|code|value|\([\w/ .\-]{{1,20}}\)){_SIGNS}{{1,6}}?"
    rf"|(?:3[ad]|2[02]|quot;){_SIGNS}{{0,6}}?){{0,2}}?"
)
_AFTER = r"(?:[^\w\-]|_|-[^\w]|-?$)"

# An unquoted value runs to white space or a field separator. A quote or bracket ends it only where nothing follows.
# The name of its scheme may stand before it: {noop}V.
_BARE = r"""(?:\{[\w\-]{1,16}\})?([^\s"'`,;&|<>{}\[\]\\](?:["'`)\]}\\>]{0,4}[^\s"'`)\]}\\>,;&|<])*)"""
# A quoted one runs to its quote; one that a letter follows (it''s, a"b) is part of the value.
_QUOTED = (
    r"""(?:\\{1,3}["']([^"'\\\r\n]+)|"""
    + "|".join(rf"[ubr@]?{quote}((?:[^{quote}\\\r\n]|\\[^\r\n]|{quote}{{1,2}}\w)+)" for quote in ('"', "'", "`"))
    + r"|&quot;([^&<>\r\n]+)|%22([^%&\s]+))"
)
_ASSIGNED = (
    r"""(?:\[\w{0,16}\])?\\{0,3}["'`]?\]?[ \t]{0,4}(?:=>|:=|={1,3}|:|%3[ad]|&#61;|\t)[ \t]{0,4}(?:\[\s?)?"""
    rf"(?:{_QUOTED}|{_BARE})"
    r"""|["']\s?,\s?[ubr]?(?:"([^"\\\r\n]+)"|'([^'\\\r\n]+)')(?:\s{0,4}[^\s:]|\s{0,4}$)"""  # ('password', 'V')
    rf"""|[ \t]{{1,4}}(?:(?:to|=)[ \t]?)?{_QUOTED}"""  # SET PASSWORD 'V'
    # <password>V</password>; a placeholder of ours, <PASSWORD>, opens no element
    r"""|(?:[ \t][^<>\r\n]{0,64})?>\s{0,32}(?:<!\[CDATA\[([^<>\r\n]+)\]\]>|([^<>\r\n]+))\s{0,32}</"""
    r"""|(?:[ \t][^<>\r\n]{0,64})?>([^\s<>"',;]+)$"""
    r"""|&gt;((?:[^\s<>&]|&amp;)+)&lt;/"""  # the same, escaped
)
# `"key": {"..` and `key=[["..`: the key is that of everything inside (see tier.py).
_CONTAINER = r"""\\{0,3}["'`]?\]?[ \t]{0,4}(?:=>|:=|={1,3}|:)\s{0,8}([{\[])\s{0,64}["'{\[]"""


def keyed_pattern(keys: Sequence[str], value: str) -> str:
    """The pattern of `value` (itself a pattern, in any letter case) behind one of `keys`."""
    return rf"{_key(keys)}(?:{_CONTAINER}|(?i:{_BETWEEN})(?i:({value})){_AFTER})"


def assigned_pattern(keys: Sequence[str]) -> str:
    """The pattern of whatever is assigned to one of `keys`."""
    forms = [rf"{_key(keys)}(?:{_CONTAINER}|(?i:{_ASSIGNED}))"]
    flags = [key for key in keys if key.isascii()]
    if flags:
        flag = rf"""(?:^|[\s"'])--?(?:[a-z0-9]+[_\-])*(?:{_any_case(flags)})[ \t]{{1,4}}(?:{_QUOTED}|{_BARE})"""
        forms.append(f"(?i:{flag})")
    return f"(?:{'|'.join(forms)})"


def _key(keys: Sequence[str]) -> str:
    whole = [key for key in keys if not key.startswith("*")]
    ending = [key for key in keys if key.startswith("*")]
    forms = [rf"(?i:{_any_case(ending)})"] if ending else []
    if whole:
        forms.append(rf"(?:^|[^A-Za-z0-9])(?i:{_any_case(whole)})")
    camel = ["".join(re.escape(word.capitalize()) for word in key.split()) for key in whole if key.isascii()]
    if camel:
        forms.append(rf"[a-z](?:{'|'.join(camel)})")
    return f"(?:{'|'.join(forms)})"


def _any_case(keys: Sequence[str]) -> str:
    spelled = (form for key in keys for form in _spellings(key.removeprefix("*")))
    return "|".join(r"[ _.\-]{0,2}".join(map(re.escape, form.split())) for form in spelled)


def _spellings(key: str) -> list[str]:
    """The pattern's "any letter case" is that of ASCII: other letters need each case written out."""
    return [key] if key.isascii() else sorted({key, key.upper(), key.title()})
