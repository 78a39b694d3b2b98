"""What is derived from the built-in pack before it is shipped: its patterns, and the texts of their trial.

Deriving them takes a third of a start. `make derived` writes them beside this file, and a test says when that is due.
They are taken from there only if their source and the code that derives are what they were then: what is out of date or
damaged is derived anew.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from scrubber.detect.rules.pattern import Pattern, compile_pattern

_PATTERNS = "derived.msgpack"
_TEXTS = "trial.msgpack.zlib"
_PATTERN_CODE = ("pattern.py", "syntax.py", "weaken.py", "words.py")
_TEXT_CODE = ("syntax.py", "trial.py")

_UNUSABLE = (OSError, zlib.error, msgspec.DecodeError)
"""A package without its sources or without what is shipped, or with damage to it."""

_Patterns = dict[bytes, Pattern]
_Texts = dict[bytes, list[bytes]]


def derived(source: str) -> Pattern:
    """Return what `compile_pattern` makes of `source`. Raises PatternError."""
    return shipped(source) or compile_pattern(source)


def shipped(source: str) -> Pattern | None:
    """Return the pattern of `source` if it need not be derived."""
    try:
        return _patterns().get(_digest(_PATTERN_CODE, source.encode()))
    except _UNUSABLE:
        return None


def shipped_texts(pattern: bytes) -> list[bytes] | None:
    """Return the texts on which the engine is tried with its form of a pattern, if they need not be drawn."""
    try:
        return _texts().get(_digest(_TEXT_CODE, pattern))
    except _UNUSABLE:
        return None


@cache
def _patterns() -> _Patterns:
    return msgspec.msgpack.decode(_read(_PATTERNS), type=_Patterns)


@cache
def _texts() -> _Texts:
    return msgspec.msgpack.decode(zlib.decompress(_read(_TEXTS)), type=_Texts)


@cache
def _code(names: Sequence[str]) -> bytes:
    return hashlib.sha256(b"\0".join(map(_read, names))).digest()


def _digest(code: Sequence[str], source: bytes) -> bytes:
    return hashlib.sha256(_code(code) + source).digest()


def _read(name: str) -> bytes:
    return (resources.files(__package__) / name).read_bytes()


def _write() -> None:
    from scrubber.core.named import MARKS  # noqa: PLC0415 - these ask here
    from scrubber.detect.rules.load import builtin_sources  # noqa: PLC0415
    from scrubber.detect.rules.trial import drawn  # noqa: PLC0415

    patterns = {source: compile_pattern(source) for source in sorted({*builtin_sources(), *MARKS})}
    _write_file(_PATTERNS, {_digest(_PATTERN_CODE, source.encode()): made for source, made in patterns.items()})
    engines = sorted({made.engine for made in patterns.values()})
    # Compressed: in a text that looks like a secret, those who look for leaked ones would find one.
    _write_file(_TEXTS, {_digest(_TEXT_CODE, pattern): drawn(pattern) for pattern in engines})


def _write_file(name: str, content: Any) -> None:
    written = msgspec.msgpack.encode(content)
    Path(__file__).with_name(name).write_bytes(zlib.compress(written, 9) if name == _TEXTS else written)


if __name__ == "__main__":
    _write()
