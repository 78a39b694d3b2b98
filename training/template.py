r"""The template language: plain text with `{field}`, `[[this|or that|]]` and `{@section}`, kept in templates/*.txt.

A file is a list of sections. A line `@name` opens one; every other line that is not blank is one alternative (a
leading `#` is a comment, `\n` a line break). `main` holds the file's texts; other sections are parts to refer to,
and those of common.txt are known everywhere.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from training.scene import Piece, Scene

FOLDER: Final = Path(__file__).with_name("templates")
_CHOICE: Final = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]", re.DOTALL)
_FIELD: Final = re.compile(r"\{(@?[a-z][a-z_0-9]*)\}")
_SECTION: Final = re.compile(r"@[a-z_]\w*\s*")
HELD_OUT_SHARE: Final = 12  # one template in so many is kept for validation


@dataclass(frozen=True)
class Grammar:
    """The sections of one file."""

    name: str
    sections: dict[str, tuple[str, ...]]

    def texts(self, *, held_out: bool) -> tuple[str, ...]:
        """The main templates on one side of the training / validation split.

        A template's own hash decides, so that edits elsewhere do not move it; every file keeps back at least one.
        """
        texts = self.sections["main"]
        kept = {t for t in texts if _hash(t) % HELD_OUT_SHARE == 0} or {min(texts, key=_hash)}
        return tuple(t for t in texts if (t in kept) == held_out)

    def render(self, template: str, scene: Scene) -> list[Piece]:
        """Fill `template`: choices first, inner ones before outer ones, then fields."""
        rng = scene.rng
        while match := _CHOICE.search(template):
            template = template[: match.start()] + rng.choice(match[1].split("|")) + template[match.end() :]
        pieces: list[Piece] = []
        end = 0
        for match in _FIELD.finditer(template):
            pieces.append(Piece(template[end : match.start()]))
            name = match[1]
            pieces += self.section(name[1:], scene) if name[0] == "@" else scene.field(name)
            end = match.end()
        pieces.append(Piece(template[end:]))
        return [p for p in pieces if p.text]

    def section(self, name: str, scene: Scene) -> list[Piece]:
        """One alternative of the section `name`, filled."""
        choices = self.sections.get(name) or common().sections[name]
        return self.render(scene.rng.choice(choices), scene)


def _hash(template: str) -> int:
    return zlib.crc32(template.encode())


@cache
def load(name: str) -> Grammar:
    """The grammar in templates/`name`.txt."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if _SECTION.fullmatch(line):  # "@{user_name} ..." is a text
            current = sections.setdefault(line[1:].strip(), [])
        elif line.strip() and not line.startswith("#"):
            current.append(line.replace("\\n", "\n"))
    return Grammar(name, {k: tuple(v) for k, v in sections.items()})


def common() -> Grammar:
    """The sections that every file may refer to."""
    return load("common")
