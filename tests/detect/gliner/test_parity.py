"""The library is the oracle: in fp32 our engine gives its spans, labels and (to 1e-5) its scores."""

import pytest

from scrubber.detect.detector import Plan
from scrubber.detect.gliner.engine import GlinerEngine
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.options import ModelOptions
from tests.detect.models import LABELS, LINES, Shape, save_gliner

pytestmark = pytest.mark.gliner

SHAPES = {
    "bert": Shape(),
    "bert-projection": Shape(hidden=48),
    "bert-no-lstm": Shape(lstm_layers=0),
    "bert-label-token": Shape(embed_ent_token=False),
    "bert-width-24": Shape(max_width=24),
    "deberta": Shape(backbone="deberta"),
    "deberta-projection-width-24": Shape(backbone="deberta", hidden=48, max_width=24),
    "deberta-no-lstm": Shape(backbone="deberta", hidden=48, lstm_layers=0),
    "deberta-two-lstm-layers": Shape(backbone="deberta", lstm_layers=2),
}


@pytest.fixture(scope="module", params=SHAPES)
def folder(request, tmp_path_factory):
    return save_gliner(tmp_path_factory.mktemp(request.param), SHAPES[request.param])


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_entities_are_those_of_the_library(folder, threshold):
    assert_parity(folder, threshold)


def test_a_width_that_was_raised_at_load_gives_the_librarys_answer_too(tmp_path):
    assert_parity(save_gliner(tmp_path, Shape(max_width=12)), 0.1, max_width=24)


def assert_parity(folder, threshold, max_width=None):
    from gliner import GLiNER

    engine = load_gliner(folder, ModelOptions(max_width=max_width))
    assert isinstance(engine, GlinerEngine)
    texts = [*LINES, " ".join(LINES), LINES[0] * 4]
    library = GLiNER.from_pretrained(str(folder), local_files_only=True, max_width=max_width)
    expected = library.inference(texts, list(LABELS), threshold=threshold)
    assert threshold > 0.1 or sum(map(len, expected)) > 3
    found = engine.detect(texts, Plan(LABELS, (threshold,) * len(LABELS)))
    assert [[(span.start, span.end, span.label) for span in text] for text in found] == [
        sorted((entity["start"], entity["end"], entity["label"]) for entity in text) for text in expected
    ]
    assert [span.score for text in found for span in text] == pytest.approx(
        [entity["score"] for text in expected for entity in text], abs=1e-5
    )
