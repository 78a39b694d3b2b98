"""The patterns of the built-in pack, derived before they are shipped: that takes a quarter of a start.

`make derived` writes them beside this file, and a test says when that is due. A pattern is taken from there only if its
source and the code that derives are what they were then: what is out of date is derived anew.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

import msgspec

from scrubber.detect.rules.pattern import Pattern, compile_pattern

_FILE = "derived.msgpack"
_CODE = ("pattern.py", "syntax.py", "weaken.py", "words.py")

_Derived = dict[bytes, Pattern]


def derived(source: str) -> Pattern:
    """Return what `compile_pattern` makes of `source`. Raises PatternError."""
    return shipped(source) or compile_pattern(source)


def shipped(source: str) -> Pattern | None:
    """Return the pattern of `source` if it need not be derived."""
    try:
        return _shipped().get(_digest(source))
    except OSError:  # a package without its sources, or without that file
        return None


@cache
def _shipped() -> _Derived:
    file = resources.files(__package__) / _FILE
    return msgspec.msgpack.decode(file.read_bytes(), type=_Derived)


@cache
def _code() -> bytes:
    folder = resources.files(__package__)
    return hashlib.sha256(b"\0".join((folder / name).read_bytes() for name in _CODE)).digest()


def _digest(source: str) -> bytes:
    return hashlib.sha256(_code() + source.encode()).digest()


def _write() -> None:
    from scrubber.detect.rules.load import builtin_sources  # noqa: PLC0415 - which asks here

    patterns = {_digest(source): compile_pattern(source) for source in sorted(builtin_sources())}
    Path(__file__).with_name(_FILE).write_bytes(msgspec.msgpack.encode(patterns))


if __name__ == "__main__":
    _write()
