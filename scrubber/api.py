"""The Python API: the engine of the worker, for text that is in a program already.

    from scrubber import Scrubber

    scrub = Scrubber("logs").scrub
    print(scrub("ann@mail.example signed in").text)  # <EMAIL> signed in

What can be imported from `scrubber` itself is stable: names and fields stay, new ones may come.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.policy import Policy
from scrubber.core.quarantine import Quarantine
from scrubber.core.spans import Redaction, Span
from scrubber.detect import pipeline
from scrubber.detect.detector import Detector
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.rule import Rule
from scrubber.detect.texts import TextPipeline
from scrubber.errors import DetectorFailed, Reason
from scrubber.policies import PRESETS, load_policy

BATCH_TEXTS = 2_048

_WAIT_SECS = 30.0


class ScrubResult(NamedTuple):
    """A text that may go on, and what was done to it.

    `redactions` have `start` and `end` in code points of the original text, `out_start` and `out_end` in those of
    `text`. With a `reason` the text must not go on, and `text` is empty: never fall back to the original.
    """

    text: str
    redactions: list[Redaction]
    reason: Reason | None = None

    @property
    def spans(self) -> list[Span]:
        """What was found and acted on, in code points of the original text."""
        return [Span(r.start, r.end, r.label, r.score, r.detector, r.rule) for r in self.redactions]


class Scrubber:
    """Scrubs texts by a policy. Threads may share one; they take turns.

    Args:
        policy: name of a preset ("logs", "gdpr", "hipaa", "pci", "strict"), a policy file, or what such a file holds.
        rules: a file with rules of your own, or several, beside the built-in ones.
        model: what looks for names and other things without a shape: "embedded", the folder of a model, its id on the
            Hugging Face hub (in the local cache: nothing is fetched), or a detector, which its maker closes. Left out:
            rules only.
        keys: key id -> 32 random bytes or more, for actions that need a key; the first one writes.

    Raises ConfigError, with everything that is wrong. Make it after a process has forked, not before.
    """

    def __init__(
        self,
        policy: str | Path | Mapping[str, Any] = "logs",
        *,
        rules: str | Path | Sequence[str | Path] = (),
        model: str | Path | Detector | None = None,
        keys: Mapping[str, bytes] | None = None,
    ) -> None:
        ring = KeyRing(keys, next(iter(keys))) if keys else NO_KEYS
        compiled, tier = _policy(policy, ring), ready_tier(_rules(rules))
        self._loaded = _load_model(str(model)) if isinstance(model, str | Path) else None
        detector = model if not isinstance(model, str | Path) else self._loaded
        self._scrub = pipeline.Scrubber(
            TextPipeline(tier, [detector] if detector is not None else []),
            lambda _topic: compiled,
            quarantine=Quarantine(NO_KEYS),
        )
        self._turn = threading.Lock()
        self._at_work: int | None = None

    def scrub(self, text: str) -> ScrubResult:
        """Scrub one text. Raises DetectorError; then nothing is known of the text, and it must not go on."""
        return self.scrub_many([text])[0]

    def scrub_many(self, texts: Iterable[str]) -> list[ScrubResult]:
        """Scrub many texts, which is much faster than one by one; the results are the same. Raises as `scrub`, and
        TypeError for a single text.
        """
        if isinstance(texts, str):
            raise TypeError("scrub_many takes texts, and read letter by letter nothing is found in one: use scrub")
        # Half a surrogate pair becomes bytes that are no UTF-8: the engine knows what to do with such a text.
        encoded = (text.encode(errors="surrogatepass") for text in texts)
        results: list[ScrubResult] = []
        while batch := list(islice(encoded, BATCH_TEXTS)):
            with self._one_at_a_time():
                scrubbed = self._scrub.scrub_texts(batch)
            results += [ScrubResult(text.decode(), redactions, reason) for text, redactions, reason in scrubbed]
        return results

    def close(self) -> None:
        """Free the model. The scrubber is not used again."""
        if self._loaded is not None:
            self._loaded.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Take the turn of this thread. Raises DetectorFailed where it would never come.

        A library that logs while it works for us may have its log line scrubbed by us: in this thread, or in that of
        the model, while this one waits for the model.
        """
        if self._at_work == threading.get_ident():
            raise DetectorFailed("called from within itself")
        if not self._turn.acquire(timeout=_WAIT_SECS):
            raise DetectorFailed(f"busy for {_WAIT_SECS:g} seconds")
        self._at_work = threading.get_ident()
        try:
            yield
        finally:
            self._at_work = None
            self._turn.release()


def _policy(policy: str | Path | Mapping[str, Any], keys: KeyRing) -> Policy:
    if isinstance(policy, Mapping):
        return load_policy(policy, keys)
    if policy in PRESETS:
        return load_policy(str(policy), keys)
    from scrubber.config.policies import read_policy  # noqa: PLC0415 - a preset does without what that imports

    return read_policy(str(policy), keys)


def _rules(files: str | Path | Sequence[str | Path]) -> tuple[Rule, ...]:
    if isinstance(files, str | Path):  # a text is a sequence too, of its letters
        files = [files]
    if not files:
        return builtin_rules()
    from scrubber.config.rules import all_rules  # noqa: PLC0415 - see _policy

    return all_rules([Path(file) for file in files])


def _load_model(name: str) -> Detector:
    from scrubber.detect.hub import locate  # noqa: PLC0415 - not everybody has a model
    from scrubber.detect.models import load_model, on_device, usual_memory  # noqa: PLC0415
    from scrubber.detect.options import ModelOptions  # noqa: PLC0415

    loaded = load_model(locate(name), ModelOptions("auto", "auto"), asks_all=False)  # as `scrubber run` and `pipe`
    detector = on_device(loaded, memory=usual_memory(name))
    try:
        detector.warm_up()
    except BaseException:
        detector.close()
        raise
    return detector
