"""Labelled data for `scrubber eval`: JSON lines, and the map from their labels to coarse classes.

A problem names the file and the line, never what stands there.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from scrubber.core.coarse import OWN_LABELS, LabelMap
from scrubber.core.scoring import Given
from scrubber.errors import ConfigError, Problem

_MOST_PROBLEMS = 20
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what a decoder raises


class Text(NamedTuple):
    """One row. Not `labelled`: nobody has said what is in it. `partial`: not everything in it is labelled."""

    line: int
    text: str
    given: list[Given]
    partial: bool
    labelled: bool


class DataSet(NamedTuple):
    """The rows of one file."""

    name: str
    texts: list[Text]


class _Span(msgspec.Struct):
    start: int
    end: int
    label: str
    text: str | None = None


class _Row(msgspec.Struct):
    text: str
    spans: list[_Span] | None = None
    source: str = ""
    partial: bool = False
    labelled: bool = True


class _LabelMap(msgspec.Struct):
    core: list[str]
    map: dict[str, dict[str, str]]
    soft: list[str] = []
    labels: dict[str, str] = {}


def read_label_map(path: Path | None) -> LabelMap:
    """Return what the file says; without one, data has our own labels. Raises ConfigError.

    The file: {"core": [class], "soft": [class], "map": {source: {label: class}}}, and {"labels": {our label: class}}
    where one of ours is in another class there.
    """
    if path is None:
        return OWN_LABELS
    try:
        content = msgspec.json.decode(_content(path), type=_LabelMap)
    except _UNREADABLE as error:
        raise ConfigError([Problem(str(path), _told(error))]) from None
    known = {*content.core, *content.soft}
    given = {f"map.{source}": classes for source, classes in content.map.items()} | {"labels": content.labels}
    problems = [
        Problem(f"{path}: {where}.{label}", "names a class that is neither core nor soft")
        for where, classes in given.items()
        for label, coarse in classes.items()
        if coarse not in known
    ]
    if problems:
        raise ConfigError(problems[:_MOST_PROBLEMS])
    return LabelMap(frozenset(content.core), content.map, content.labels)


def read_sets(paths: tuple[Path, ...], labels: LabelMap) -> list[DataSet]:
    """Return the data of all files. Raises ConfigError with the first problems of all of them."""
    problems: list[Problem] = []
    sets = []
    for path in paths:
        texts = []
        for read in _rows(path, labels):
            if isinstance(read, Text):
                texts.append(read)
            else:
                problems.append(read)
        sets.append(DataSet(path.stem, texts))
        if not texts and not problems:
            problems.append(Problem(str(path), "holds no rows"))
    if len(problems) > _MOST_PROBLEMS:
        more = len(problems) - _MOST_PROBLEMS
        problems[_MOST_PROBLEMS:] = [Problem("", f"and {more} more like these")]
    if problems:
        raise ConfigError(problems)
    return sets


def _rows(path: Path, labels: LabelMap) -> Iterator[Text | Problem]:
    decode = msgspec.json.Decoder(_Row).decode
    for number, line in enumerate(_content(path).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = decode(line)
        except _UNREADABLE as error:
            yield Problem(f"{path}:{number}", _told(error))
            continue
        source = row.source or path.stem
        wrong = next(filter(None, (_wrong(span, row.text, source, labels) for span in row.spans or ())), None)
        if wrong is not None:
            yield Problem(f"{path}:{number}", *wrong)
            continue
        given = [
            Given(span.start, span.end, span.label, coarse, coarse in labels.core)
            for span in row.spans or ()
            if (coarse := labels.given(source, span.label)) is not None
        ]
        yield Text(number, row.text, given, row.partial, row.labelled and row.spans is not None)


def _wrong(span: _Span, text: str, source: str, labels: LabelMap) -> tuple[str, str] | None:
    """Return what is wrong with a span, and what would help."""
    if not 0 <= span.start < span.end <= len(text):
        return f"span {span.start}-{span.end} does not fit a text of {len(text)} code points", ""
    if span.text is not None and text[span.start : span.end] != span.text:
        return f"span {span.start}-{span.end} is not its own text", "positions are code points, not bytes"
    if labels.given(source, span.label) is None:
        return f"span {span.start}-{span.end} has a label without a class for source {source!r}", "--labelmap FILE"
    return None


def _told(error: Exception) -> str:
    """Return what is wrong with JSON, without a byte of it."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    return "not UTF-8" if isinstance(error, UnicodeError) else str(error)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes().removeprefix(BOM_UTF8)
    except OSError as error:
        raise ConfigError([Problem(str(path), error.strerror or "cannot be read")]) from None
