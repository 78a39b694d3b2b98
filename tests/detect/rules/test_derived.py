from __future__ import annotations

from collections.abc import Iterator

import pytest

from scrubber.core.named import MARKS
from scrubber.detect.rules import derived as module
from scrubber.detect.rules.databases import forms
from scrubber.detect.rules.derived import derived, shipped, shipped_texts
from scrubber.detect.rules.load import builtin_rules, builtin_sources
from scrubber.detect.rules.pattern import compile_pattern
from scrubber.detect.rules.trial import drawn


def test_every_pattern_of_the_pack_is_shipped_derived() -> None:
    late = [source for source in [*builtin_sources(), *MARKS] if shipped(source) is None]

    assert not late, f"{len(late)} patterns are not shipped: run `make derived`"


def test_a_shipped_pattern_is_what_is_derived_from_its_source() -> None:
    sources = builtin_sources()

    assert [derived(source) for source in sources] == [compile_pattern(source) for source in sources]


def test_the_texts_of_every_trial_are_shipped_as_they_are_drawn() -> None:
    patterns = forms(builtin_rules()).patterns

    assert [shipped_texts(pattern) for pattern in patterns] == [drawn(pattern) for pattern in patterns]


def test_a_pattern_that_is_not_shipped_is_derived() -> None:
    assert shipped("b(o)b") is None
    assert derived("b(o)b") == compile_pattern("b(o)b")


@pytest.fixture
def anew() -> Iterator[None]:
    """Nothing that was read before, and nothing that is read meanwhile."""
    caches = (module._patterns, module._texts, module._code)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.usefixtures("anew")
def test_a_package_without_its_sources_derives_its_patterns(monkeypatch) -> None:
    source = builtin_sources()[0]
    pattern = compile_pattern(source)
    monkeypatch.setattr(module, "_PATTERNS", "gone.msgpack")
    monkeypatch.setattr(module, "_TEXTS", "gone.zlib")
    monkeypatch.setattr(module, "_PATTERN_CODE", ("gone.py",))

    assert shipped(source) is None
    assert shipped_texts(pattern.engine) is None
    assert derived(source) == pattern


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize(
    "damage", [lambda content: content[: len(content) // 2], lambda _content: b"", lambda _content: b"\xc1 no"]
)
def test_what_is_shipped_damaged_is_derived_anew(monkeypatch, damage) -> None:
    source = builtin_sources()[0]
    pattern = compile_pattern(source)
    read = module._read
    monkeypatch.setattr(module, "_read", lambda name: read(name) if name.endswith(".py") else damage(read(name)))

    assert derived(source) == pattern
    assert shipped_texts(pattern.engine) is None
