"""Explanations as one HTML page: no script, nothing fetched, everything from the text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TextIO
from zlib import crc32

from scrubber.cli.explanations import Explanation, Found, visible

_COLOURS = 8
_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>scrubber: what was found</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8886; padding: 0.8rem 0; }
pre { margin: 0.3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.clean { font-weight: 600; }
mark { border-radius: 3px; padding: 0 2px; color: #111; }
table { border-collapse: collapse; font-size: 0.85rem; margin-top: 0.4rem; }
th, td { text-align: left; padding: 0 1rem 0 0; }
tr.left, p.none { opacity: 0.6; }
p.reason { color: #c22; font-weight: 600; }
.c0 { background: #ffd54f } .c1 { background: #80deea } .c2 { background: #a5d6a7 } .c3 { background: #f48fb1 }
.c4 { background: #b39ddb } .c5 { background: #ffab91 } .c6 { background: #90caf9 } .c7 { background: #e6ee9c }
</style>
</head>
<body>
<h1>What was found</h1>
"""
_TABLE_HEAD = (
    "<table><tr><th>where</th><th>place</th><th>label</th><th>found by</th><th>score</th><th>check</th>"
    "<th>action</th></tr>\n"
)


def write_page(file: TextIO, explained: Iterable[Explanation], described: str) -> None:
    """Write the page, record by record: it may be longer than memory."""
    file.write(f"{_HEAD}<p>{escape(described)}. This page shows what was found as it is.</p>\n")
    for explanation in explained:
        file.writelines(_section(explanation))
    file.write("</body>\n</html>\n")


def _section(explanation: Explanation) -> Iterator[str]:
    yield "<section>\n"
    if explanation.reason is not None:
        yield f'<p class="reason">does not go on: {explanation.reason.value}</p>\n'
    else:
        marked = "".join(_mark(piece, found) for piece, found in explanation.pieces())
        yield f'<pre>{marked}</pre>\n<pre class="clean">{_shown(explanation.clean)}</pre>\n'
    if explanation.found:
        yield _TABLE_HEAD
        yield from map(_row, explanation.found)
        yield "</table>\n"
    elif explanation.reason is None:
        yield '<p class="none">nothing found</p>\n'
    yield "</section>\n"


def _mark(piece: str, found: Found | None) -> str:
    if found is None:
        return _shown(piece)
    told = _shown(f"{found.label}, {found.by}, {found.score:.2f}, {found.action}")
    return f'<mark class="c{crc32(found.label.encode()) % _COLOURS}" title="{told}">{_shown(piece)}</mark>'


def _row(found: Found) -> str:
    values = found.path, f"{found.start}-{found.end}", found.label, found.by, f"{found.score:.2f}", found.check
    cells = "".join(f"<td>{_shown(value)}</td>" for value in (*values, found.action or "left alone"))
    return f"<tr>{cells}</tr>\n" if found.action else f'<tr class="left">{cells}</tr>\n'


def _shown(text: str) -> str:
    return escape(visible(text))
