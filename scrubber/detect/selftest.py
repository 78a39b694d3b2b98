"""Does our engine give the oracle's answers with this model, on this machine? Run by `scrubber model verify`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Detector, Plan
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner_library import GlinerLibraryDetector
from scrubber.detect.options import ModelOptions

_TEXTS = (
    "user Ada Lovelace (ada.lovelace@mail.example) logged in from 192.0.2.17",
    "Failed password for invalid user hugo from 198.51.100.7 port 22 ssh2",
    "Grace Hopper, 12 Long Street, Springfield, phone +1 202 555 0143, card 4111 1111 1111 1111",
    '{"customer": "Mateo Castillo", "ssn": "900-12-3456", "dob": "1985-04-12", "note": "call back"}',
    "ok",
    "payment of order 7781 declined after 35 ms for jonas.fischer@shop.example",
)
_LABELS = ("first_name", "last_name", "user_name", "email", "phone_number", "street_address", "ssn", "date_of_birth")
_TEXTS_AND_A_LONG_ONE = (*_TEXTS, " ".join(_TEXTS))
_MAX_SCORE_DIFFERENCE = 1e-4

Answers = list[list[Span]]


class Verdict(NamedTuple):
    """Spans that only one of the two found (by place and label), and the largest difference of the others' scores."""

    spans: int
    differing: int
    score_difference: float

    @property
    def passed(self) -> bool:
        """Whether the two give the same answer up to rounding."""
        return self.differing == 0 and self.score_difference <= _MAX_SCORE_DIFFERENCE


def compare_gliner(engine: Detector, folder: Path) -> Verdict:
    """Compare our engine with the gliner library, in float32 on the CPU."""
    library = GlinerLibraryDetector(Checkpoint(folder), Description("library", "", ""), ModelOptions())
    plan = Plan(_LABELS, (0.3,) * len(_LABELS))
    return _compare(engine, lambda texts: library.detect(texts, plan), plan)


def _compare(engine: Detector, oracle: Callable[[Sequence[str]], Answers], plan: Plan) -> Verdict:
    found, expected = _scores(engine.detect(_TEXTS_AND_A_LONG_ONE, plan)), _scores(oracle(_TEXTS_AND_A_LONG_ONE))
    differences = [abs(found[place] - expected[place]) for place in found.keys() & expected.keys()]
    return Verdict(len(expected), len(found.keys() ^ expected.keys()), max(differences, default=0.0))


def _scores(answers: Answers) -> dict[tuple[int, int, int, str], float]:
    return {
        (number, span.start, span.end, span.label): span.score for number, text in enumerate(answers) for span in text
    }
