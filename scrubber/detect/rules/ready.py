"""Rules ready to use: compiled and tested once in a process, however many engines are built from them."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from scrubber.detect.rules.databases import forms, of_words, sought
from scrubber.detect.rules.rule import Rule

if TYPE_CHECKING:
    from scrubber.detect.rules.tier import RuleTier


def begin(rules: tuple[Rule, ...]) -> None:
    """Compile `rules` in a thread: whoever asks for their tier waits for it, and is told what is wrong with them.

    Compiling hardly needs the interpreter, and is half of the first start on a machine: it begins before all that can
    be imported or loaded meanwhile.
    """
    _compiling(rules)


def ready_tier(rules: tuple[Rule, ...]) -> RuleTier:
    """Return a tier of `rules` for the thread that asks. Raises ConfigError."""
    return _compiling(rules).result().clone()


@lru_cache(maxsize=4)  # what is in use, and what a reload puts in its place
def _compiling(rules: tuple[Rule, ...]) -> Future[RuleTier]:
    aside = ThreadPoolExecutor(1, "rules")
    compiling = aside.submit(_compiled, rules)
    aside.shutdown(wait=False)
    return compiling


def _compiled(rules: tuple[Rule, ...]) -> RuleTier:
    with ThreadPoolExecutor(1) as aside:
        words = aside.submit(of_words, *forms(sought(rules)))
        from scrubber.detect.rules.tier import RuleTier  # noqa: PLC0415 - numpy may come while that is under way

        return RuleTier(rules, words=words)
