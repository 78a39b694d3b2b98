"""`scrubber detect`: texts on standard input, where something was found in them on standard output."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from scrubber.cli.exits import Exit
from scrubber.cli.options import with_choice
from scrubber.cli.standard import batches_of_lines, progress_bar, standard_output
from scrubber.core.lines import Line
from scrubber.errors import Reason

if TYPE_CHECKING:  # see `options.py`
    from scrubber.cli.choices import Choice
    from scrubber.cli.wiring import Engine

BATCH_LINES = 1_000

Form = Literal["auto", "jsonl", "lines"]


class Question(msgspec.Struct):
    """One line of JSON input. `id` is whatever JSON it is, byte for byte; empty where there is none."""

    text: str
    id: msgspec.Raw = msgspec.Raw()


class FoundSpan(msgspec.Struct):
    """`[start, end)` in code points of the text."""

    start: int
    end: int
    label: str
    score: float
    detector: str


class Answer(msgspec.Struct, omit_defaults=True):
    """One line of output: spans, or why there are none to be trusted."""

    id: msgspec.Raw
    spans: list[FoundSpan] | msgspec.UnsetType = msgspec.UNSET
    error: str = ""


@click.command
@with_choice
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "jsonl", "lines"]),
    default="auto",
    show_default=True,
    help='"jsonl": objects with a "text" and perhaps an "id". "lines": each line is a text. "auto": as the first line.',
)
def command(*, choice: Choice, form: Form) -> int:
    """Find what the policy counts, without changing anything.

    Reads JSON lines {"id", "text"} or plain lines; the id of a line that has none is its number, from 0. Writes one
    object for each, in order: {"id", "spans"}, each span {"start", "end", "label", "score", "detector"} in code points
    of the text. What cannot be read has an "error" in the place of "spans", and the command ends with 1.
    """
    with choice.engine() as engine, progress_bar() as advance:
        answers = Answers(engine, form)
        output = standard_output()
        try:
            for batch in batches_of_lines(advance):
                for first in range(0, len(batch), BATCH_LINES):
                    output.write(answers.to(batch[first : first + BATCH_LINES]))
        except BrokenPipeError:
            return Exit.OK  # whoever reads has had enough
    return Exit.FAILED if answers.has_errors else Exit.OK


class Answers:
    """Answers lines, and counts them."""

    def __init__(self, engine: Engine, form: Form) -> None:
        self.has_errors = False
        self._find_in_texts = engine.scrub.find_in_texts
        self._form = form
        self._read = 0
        self._decode = msgspec.json.Decoder(Question).decode
        self._encode = msgspec.json.Encoder().encode

    def to(self, lines: list[Line]) -> list[bytes]:
        """Return the answers to `lines`, one for each."""
        ids, texts, errors = [], [], []
        for number, line in enumerate(lines, start=self._read):
            text, given, error = self._understood(line)
            ids.append(given or msgspec.Raw(b"%d" % number))
            texts.append(text)
            errors.append(error)
        self._read += len(lines)
        output = []
        for given, error, found in zip(ids, errors, self._find_in_texts(texts), strict=True):
            if error or isinstance(found, Reason):
                self.has_errors = True
                answer = Answer(given, error=error or str(found))
            else:
                answer = Answer(given, [FoundSpan(*span[:5]) for span in found])
            output += [self._encode(answer), b"\n"]
        return output

    def _understood(self, line: Line) -> tuple[bytes, msgspec.Raw | None, str]:
        """Return the text of a line, its id if it has one, and what is wrong with it."""
        if line.oversize_bytes:
            return b"", None, Reason.TOO_LONG
        if self._form == "lines":
            return line.content, None, ""
        try:
            question = self._decode(line.content.removeprefix(BOM_UTF8))
            text = question.text.encode()
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            if self._form == "auto":
                self._form = "lines"
                return line.content, None, ""
            return b"", None, "not_understood"
        self._form = "jsonl"
        return text, question.id, ""
