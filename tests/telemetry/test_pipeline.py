"""What the pipeline tells of each batch, and what it does with a text that no rule has read."""

import pytest

from scrubber.core.views import Views
from scrubber.detect.parts import Part, Parts
from scrubber.detect.texts import TextPipeline
from scrubber.errors import DetectorFailed
from tests.detect.simple_rules import TIER, policy

POLICY = policy()
TEXTS = [b"key S-1234 and S-5678", b"nothing here", rb'{"a": "escaped \u0053-1234"}', b"S%2D9999", b"\xff\xfe"]


def parts(texts):
    return Parts(Part(text, POLICY, record=index) for index, text in enumerate(texts))


@pytest.fixture
def told():
    return []


@pytest.fixture
def pipeline(told):
    return TextPipeline(TIER, observe=told.append)


def test_redactions_are_counted_by_label_detector_and_action(pipeline, told):
    pipeline.run(parts(TEXTS))
    (it,) = told
    assert dict(it.redactions) == {("api_key", "rules", "replace"): 4}
    assert (it.texts, it.unscanned, it.residual) == (5, 0, 0)
    assert min(it.rules_secs, it.redact_secs, it.verify_secs) > 0


def test_what_is_still_there_after_redaction_is_counted(pipeline, told, monkeypatch):
    monkeypatch.setattr("scrubber.detect.texts._is_clean", lambda *_: False)
    pipeline.run(parts(TEXTS[:2]))
    assert told[0].residual == 1


@pytest.mark.parametrize("texts", [TEXTS[:2], TEXTS])
def test_a_text_that_no_rule_would_read_is_counted_and_stops_the_worker(pipeline, told, monkeypatch, texts):
    made = Views.__init__

    def forgets_the_last(self, raw, is_json):
        made(self, raw, is_json)
        gone = (
            [n for n in range(len(self.buffers)) if self.root(n) == 1]
            if self._origins
            else [1][: len(self.buffers) - 1]
        )
        for n in reversed(gone):
            del self.buffers[n]
            if self._origins:
                del self._origins[n]

    monkeypatch.setattr(Views, "__init__", forgets_the_last)
    with pytest.raises(DetectorFailed, match="This is a bug"):
        pipeline.run(parts(texts))
    assert told[0].unscanned == len("nothing here")
