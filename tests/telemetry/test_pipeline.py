"""What the pipeline tells of each batch, and what it does with a text that no rule has read."""

import pytest

from scrubber.core.views import Views
from scrubber.detect.parts import Part, Parts
from scrubber.detect.texts import TextPipeline
from scrubber.errors import DetectorFailed
from tests.detect.simple_rules import TIER, policy

POLICY = policy()
UNREADABLE = b"\xff\xfe"
TEXTS = [b"key S-1234 and S-5678", b"nothing here", rb'{"a": "escaped \u0053-1234"}', b"S%2D9999", UNREADABLE]


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

    def forgets_one(self, raw, is_json):
        made(self, raw, is_json)
        kept = [buffer for buffer in range(len(self.buffers)) if self.root(buffer) != 1]
        origins = [self.origin(buffer) for buffer in kept]
        self.buffers = [self.buffers[buffer] for buffer in kept]
        self._places = [[place for at, place in origins if at == level] for level in range(len(self._places))]
        self._firsts = [sum(map(len, self._places[:level])) for level in range(len(self._places))]

    monkeypatch.setattr(Views, "__init__", forgets_one)
    with pytest.raises(DetectorFailed, match="This is a bug"):
        pipeline.run(parts(texts))
    assert told[0].unscanned == len("nothing here")


@pytest.mark.parametrize("texts", [TEXTS[:2], TEXTS])
def test_where_texts_and_what_rules_read_do_not_go_together_all_of_it_counts_as_unread(
    pipeline, told, monkeypatch, texts
):
    made = Views.__init__

    def loses_the_last(self, raw, is_json):
        made(self, raw, is_json)
        self.buffers.pop()

    monkeypatch.setattr(Views, "__init__", loses_the_last)
    with pytest.raises(DetectorFailed, match="This is a bug"):
        pipeline.run(parts(texts))
    assert told[0].unscanned == sum(len(text.decode()) for text in texts if text != UNREADABLE)
