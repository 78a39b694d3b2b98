"""Values of hashes of Redis, whose fields stand before them: `HSET user:1 phone V name "V"`,
`"HMSET" "user:1" "phone" "V"`, `HGETALL user:1` and its answer `1) "phone"`, `2) "V"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import REST, NamedValue

MARK = r"\b(?:HM?SET|hm?set|HSETNX|hsetnx|XADD|xadd)\b[\"']?[ ,]|\b(?:HGETALL|hgetall)\b"
"""In every text in which a field of a hash may name a value."""

_COMMANDS = (b"HSET", b"HMSET", b"HGETALL", b"XADD", b"hset", b"hmset", b"hgetall", b"xadd")
_COMMAND = re.compile(rb"\b(?:HM?SET|hm?set|HSETNX|hsetnx|XADD|xadd)\b[\"']?(?=[ ,])")
_WORD = re.compile(
    rb"""[ ,]{1,4}(?:"((?:[^"\\\r\n]++|\\.)*+)"|'((?:[^'\\\r\n]++|\\.)*+)'|(?P<cut>["'])|([^\s"',\[\]{}]++))"""
)
_ID = re.compile(rb"\*|\d{10,20}(?:-\d{1,20})?|\d{1,20}-(?:\d{1,20}|\*)")
_FIELD = re.compile(rb"[A-Za-z_][\w.\-:]{0,63}+")
_ANSWER = re.compile(rb"\b(?:HGETALL|hgetall)\b[^\r\n]{0,200}+")
_LINE = re.compile(rb"""\r?\n\s{0,8}\d{1,4}\) "((?:[^"\\\r\n]++|\\.)*+)\"""")


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the values under the names of their fields, without quotes."""
    if not any(command in text for command in _COMMANDS):
        return
    position = 0
    while command := _COMMAND.search(text, position):
        words, position = _words(text, command.end())
        first = 1
        if command.group()[:1] in b"Xx":  # a stream: options and an id stand before the fields
            ids = (at for at, word in enumerate(words) if _ID.fullmatch(text, *word))
            first = next(ids, len(words)) + 1
        yield from _paired(text, words[first:])
    position = 0
    while answer := _ANSWER.search(text, position):
        lines = []
        position = answer.end()
        while line := _LINE.match(text, position):
            lines.append(line.span(1))
            position = line.end()
        yield from _paired(text, lines)


def _words(text: bytes, position: int) -> tuple[list[tuple[int, int]], int]:
    """Return the places of the words of a command, without quotes, and where it ends."""
    words = []
    while word := _WORD.match(text, position):
        position = word.end()
        if word["cut"]:
            rest = REST.match(text, position)
            assert rest is not None, "What is left may be empty. This is a bug."
            words.append(rest.span())
            return words, rest.end()
        words.append(word.span(next(group for group in (1, 2, 4) if word[group] is not None)))
    return words, position


def _paired(text: bytes, words: list[tuple[int, int]]) -> Iterator[NamedValue]:
    for field, (start, end) in zip(words[::2], words[1::2], strict=False):
        name = text[slice(*field)]
        if start < end and _FIELD.fullmatch(name):
            yield NamedValue(name, start, end, bare=True)
