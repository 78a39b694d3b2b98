r"""Values of a form that was sent in parts: `Content-Disposition: form-data; name="password"`, an empty line, a value.

It goes on to the line that begins with `--`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubber.core.named.base import REST, NamedValue

MARK = r"(?i:form-data);"
"""In every text in which a header may name the value of a part."""

_HEADERS = re.compile(
    rb"""form-data;[ \t]{0,8}+name=["']?([^"'\r\n;]{1,200}+)["']?[ \t]*+\r?\n(?:[^\r\n]{1,200}+\r?\n){0,8}?\r?\n""",
    re.IGNORECASE,
)
_LINE = re.compile(rb"([^\r\n]*+)(\r?\n|\Z)")
_LONGEST_NAME = 64


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the lines of each part's value under its name. What a file holds is no value."""
    position = 0
    while headers := _HEADERS.search(text, position):
        position = headers.end()
        while (line := _LINE.match(text, position)) and line.group() and not line[1].startswith(b"--"):
            position = line.end()
            value = line if line[2] else REST.match(text, *line.span(1))
            assert value is not None, "What is left may be empty. This is a bug."
            end = value.end(1) if line[2] else value.end()
            if line.start() < end:
                yield NamedValue(headers[1][-_LONGEST_NAME:], line.start(), end, bare=True)
