"""`scrubber explain`: what is found in a text, by what, and what becomes of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scrubber.cli.choices import Choice
from scrubber.cli.exits import Exit
from scrubber.cli.explanations import Explainer, Explanation, visible
from scrubber.cli.options import with_choice
from scrubber.cli.page import write_page
from scrubber.cli.standard import batches_of_lines
from scrubber.errors import ConfigError, Problem, Reason

_STYLES = ("black on yellow", "black on cyan", "black on green", "black on magenta", "white on blue", "white on red")
_WIDTH = 100_000  # columns, however wide the terminal is: half the name of a rule is none
_COLUMNS = ("where", "place", "label", "found by", "score", "check", "action")


@click.command
@with_choice
@click.argument("text")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write a page to this file, and nothing else.")
def command(*, choice: Choice, text: str, page: Path | None) -> int:
    """Show what is found in TEXT, by which rule or model, and what becomes of it.

    TEXT is one record; "-" reads standard input, each line a record. The output shows what was found as it is: it is
    for whoever may see the text.
    """
    with choice.engine() as engine:
        explainer = Explainer(engine.scrub, choice.policy, choice.rules)
        explained = _explained(text, explainer)
        if page is not None:
            _write(page, explained, explainer)
            return Exit.OK
        console = Console(highlight=False, width=_WIDTH)
        for number, explanation in enumerate(explained):
            if number:
                console.print()
            _show(console, explanation)
    return Exit.OK


def _explained(text: str, explainer: Explainer) -> Iterator[Explanation]:
    if text != "-":
        yield explainer.explain(os.fsencode(text))  # an argument that is not UTF-8 has surrogates in it
        return
    for batch in batches_of_lines(lambda _size: None):
        for line in batch:
            too_long = Explanation("", "", Reason.TOO_LONG, [])
            yield too_long if line.oversize_bytes else explainer.explain(line.content)


def _write(page: Path, explained: Iterator[Explanation], explainer: Explainer) -> None:
    try:
        with page.open("w", encoding="utf-8") as file:
            write_page(file, explained, explainer.described)
    except OSError as error:
        raise ConfigError([Problem("--html", f"{page}: {error.strerror}")]) from None


def _show(console: Console, explanation: Explanation) -> None:
    if explanation.reason is not None:
        console.print(Text(f"does not go on: {explanation.reason.value}", style="bold red"))
    else:
        console.print(_marked(explanation, colours=console.is_terminal and not console.no_color), soft_wrap=True)
        console.print(Text(visible(explanation.clean), style="bold"), soft_wrap=True)
    if explanation.found:
        table = Table(*_COLUMNS, box=None, header_style="dim", padding=(0, 2, 0, 0))
        for found in explanation.found:
            cells = (found.path, f"{found.start}-{found.end}", found.label, found.by, f"{found.score:.2f}", found.check)
            table.add_row(*map(visible, cells), found.action or "left alone", style="" if found.action else "dim")
        console.print(table)
    elif explanation.reason is None:
        console.print(Text("nothing found", style="dim"))


def _marked(explanation: Explanation, *, colours: bool) -> Text:
    """Return the text with what was found in colour; between « and » where there are no colours."""
    marked = Text()
    for piece, found in explanation.pieces():
        if found is None:
            marked.append(visible(piece))
        elif colours:
            marked.append(visible(piece), _STYLES[crc32(found.label.encode()) % len(_STYLES)])
        else:
            marked.append(f"«{visible(piece)}»")
    return marked
