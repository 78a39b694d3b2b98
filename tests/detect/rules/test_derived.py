from __future__ import annotations

from scrubber.detect.rules import derived as module
from scrubber.detect.rules.derived import derived, shipped
from scrubber.detect.rules.load import builtin_sources
from scrubber.detect.rules.pattern import compile_pattern


def test_every_pattern_of_the_pack_is_shipped_derived() -> None:
    late = [source for source in builtin_sources() if shipped(source) is None]

    assert not late, f"{len(late)} patterns are not shipped: run `make derived`"


def test_a_shipped_pattern_is_what_is_derived_from_its_source() -> None:
    sources = builtin_sources()

    assert [derived(source) for source in sources] == [compile_pattern(source) for source in sources]


def test_a_pattern_that_is_not_shipped_is_derived() -> None:
    assert shipped("b(o)b") is None
    assert derived("b(o)b") == compile_pattern("b(o)b")


def test_a_package_without_its_sources_derives_its_patterns(monkeypatch) -> None:
    source = builtin_sources()[0]
    monkeypatch.setattr(module, "_FILE", "gone.msgpack")
    monkeypatch.setattr(module, "_CODE", ("gone.py",))
    for cached in (module._shipped, module._code):
        cached.cache_clear()
    try:
        assert shipped(source) is None
        assert derived(source) == compile_pattern(source)
    finally:
        monkeypatch.undo()
        for cached in (module._shipped, module._code):
            cached.cache_clear()
    assert shipped(source) == compile_pattern(source)
