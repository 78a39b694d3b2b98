"""transformers' own pipeline is the oracle; beyond it: nothing cut, nothing shifted, the same answer in any batch."""

import sys
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubber.detect.detector import Plan
from scrubber.detect.options import ModelOptions
from scrubber.detect.tokens.loader import load_tokens
from scrubber.errors import ConfigError, DetectorFailed
from scrubber.telemetry import ModelLoaded
from tests.detect.models import LINES, export_onnx, save_tokens

pytestmark = pytest.mark.gliner
PLAN = Plan(("first_name", "ssn", "email"), (0.0, 0.0, 0.0))
NAMES = {"FIRSTNAME": "first_name", "SSN": "ssn", "EMAIL": "email", "BADGE": "badge"}
QUICK = settings(
    max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tokens(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module", params=["torch", "onnx"])
def engine(request, tmp_path_factory):
    folder = save_tokens(tmp_path_factory.mktemp(request.param), positions=192)
    weights = export_onnx(folder).relative_to(folder) if request.param == "onnx" else None
    engine = load_tokens(folder, ModelOptions(), weights=weights and str(weights))
    engine.warm_up()
    return engine


def places(texts):
    return [[(span.start, span.end, span.label) for span in text] for text in texts]


def assert_same(found, expected):
    assert places(found) == places(expected)
    scores = [span.score for text in found for span in text]
    assert scores == pytest.approx([span.score for text in expected for span in text], abs=1e-4)


def test_every_call_is_told_with_its_stages(folder):
    seen = []
    load_tokens(folder, ModelOptions(), observe=seen.append).detect(LINES, PLAN)
    loaded, *computed, ran = seen
    assert isinstance(loaded, ModelLoaded)
    assert sum(each.windows for each in computed) == ran.windows
    assert ran.texts == len(LINES)
    assert 0 < ran.words < ran.tokens <= ran.padded_tokens
    assert 0 < ran.batches <= ran.windows
    assert all(ran.stages()[stage] > 0 for stage in ("split", "plan", "forward", "decode"))


@pytest.mark.parametrize("backbone", ["distilbert", "bert", "deberta-v2"])
def test_entities_are_those_of_transformers_pipeline(tmp_path, backbone):
    assert_parity(save_tokens(tmp_path, backbone=backbone), "simple")


def test_entities_of_whole_words_are_those_of_transformers_pipeline(tmp_path):
    assert_parity(save_tokens(tmp_path), "first")


def assert_parity(folder, aggregation):
    from transformers import pipeline

    oracle = pipeline("token-classification", model=str(folder), aggregation_strategy=aggregation, device="cpu")
    found = load_tokens(folder, ModelOptions(), aggregation=aggregation).detect(LINES, PLAN)
    expected = [
        [
            (entity["start"], entity["end"], NAMES[entity["entity_group"]], float(entity["score"]))
            for entity in oracle(line)
            if entity["entity_group"] in NAMES
        ]
        for line in LINES
    ]
    assert sum(map(len, expected)) > 20
    assert places(found) == [[entity[:3] for entity in line] for line in expected]
    scores = [span.score for line in found for span in line]
    assert scores == pytest.approx([entity[3] for line in expected for entity in line], abs=1e-5)


def test_onnxruntime_finds_what_torch_finds(tmp_path):
    folder = save_tokens(tmp_path)
    export_onnx(folder)
    torch_found = load_tokens(folder, ModelOptions()).detect(LINES, PLAN)
    assert_same(load_tokens(folder, ModelOptions(), weights="onnx/model.onnx").detect(LINES, PLAN), torch_found)


def test_int8_weights_run(tmp_path):
    from onnxruntime.quantization import quantize_dynamic

    folder = save_tokens(tmp_path)
    quantize_dynamic(export_onnx(folder), folder / "onnx" / "model_quantized.onnx")
    found = load_tokens(folder, ModelOptions(), weights="onnx/model_quantized.onnx").detect(LINES, PLAN)
    assert any(found)


@QUICK
@given(
    texts=st.lists(
        st.sampled_from([*LINES, "", LINES[0] * 9]) | st.text(st.characters(codec=None), max_size=60), max_size=7
    ),
    budget=st.integers(1, 3000),
)
def test_any_batching_gives_the_answer_of_one_text_at_a_time(engine, monkeypatch, texts, budget):
    expected = [engine.detect([text], PLAN)[0] for text in texts]
    with monkeypatch.context() as patch:
        patch.setattr(engine, "_max_batch_tokens", budget)
        assert_same(engine.detect(texts, PLAN), expected)


def test_nothing_of_a_long_text_is_cut(engine):
    long = " ".join([LINES[0], LINES[2]] * 40)
    (found,) = engine.detect([long], PLAN)
    assert {span.start * 4 // len(long) for span in found} == {0, 1, 2, 3}
    assert sorted(found) == found
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_invisible_characters_shift_nothing(engine):
    text = "\x1b[32m user\x1b Ada\u200b Lovelace \ufe0f ssn 900-12-3456"
    blanked = text.replace("\x1b", " ").replace("\u200b", " ").replace("\ufe0f", " ")
    assert engine.detect([text], PLAN) == engine.detect([blanked], PLAN) != [[]]


def test_a_lone_surrogate_costs_nobody_anything(engine):
    assert_same(engine.detect(["\ud83d broken", *LINES], PLAN)[1:], engine.detect(LINES, PLAN))


def test_special_tokens_in_a_text_are_text(engine):
    (found,) = engine.detect(["[SEP] [MASK] [CLS] Ada"], PLAN)
    assert len(engine._reader.read(["[SEP]"])[0].ids) > 1
    assert all(span.end <= 22 for span in found)


@pytest.mark.parametrize("text", ["", "  ", "\x1b\ufe0f"])
def test_a_text_without_a_token_has_no_spans(engine, text):
    assert engine.detect([text, LINES[0]], PLAN)[0] == []


def test_thresholds_are_the_plans_and_unknown_labels_are_left_to_the_policy(folder):
    engine = load_tokens(folder, ModelOptions())
    found = engine.detect(LINES, Plan(("ssn",), (0.0,)))
    assert {span.label for text in found for span in text} == {"ssn", "badge"}
    strict = engine.detect(LINES, Plan(("ssn",), (0.6,)))
    assert all(span.score >= 0.6 for text in strict for span in text if span.label == "ssn")
    assert sum(map(len, strict)) < sum(map(len, found))


class Faulty:
    def __init__(self, model, capacity=None, error=None, scores=None):
        self._model, self._capacity, self._error, self._scores = model, capacity, error, scores
        self.released = 0

    def run(self, ids, lengths):
        if self._error:
            raise self._error
        if self._capacity is not None and len(ids) > self._capacity:
            raise RuntimeError("bad allocation: failed to allocate memory")
        best = self._model.run(ids, lengths)
        return best if self._scores is None else best._replace(scores=best.scores * self._scores)

    def release_memory(self):
        self.released += 1


def test_an_overloaded_device_gets_halves_and_gives_the_same_answer(engine, monkeypatch):
    expected = engine.detect(LINES, PLAN)
    model = Faulty(engine._model, capacity=2)
    monkeypatch.setattr(engine, "_model", model)
    assert_same(engine.detect(LINES, PLAN), expected)
    assert model.released
    monkeypatch.setattr(engine, "_model", Faulty(engine._model, capacity=0))
    with pytest.raises(DetectorFailed):
        engine.detect(LINES, PLAN)


def test_a_fault_never_means_no_spans_and_never_quotes_the_text(engine, monkeypatch):
    monkeypatch.setattr(engine, "_model", Faulty(engine._model, error=ValueError("Ada Lovelace")))
    with pytest.raises(DetectorFailed, match=r"^The model raised ValueError\.$"):
        engine.detect(LINES, PLAN)


def test_scores_that_are_not_numbers_fail(engine, monkeypatch):
    monkeypatch.setattr(engine, "_model", Faulty(engine._model, scores=float("nan")))
    with pytest.raises(DetectorFailed, match="not numbers"):
        engine.detect(LINES, PLAN)


def test_what_is_loaded_is_said_at_start(folder):
    seen = []
    engine = load_tokens(folder, ModelOptions(), revision="abc", observe=seen.append)
    digest = engine.describe().digest
    assert seen == [ModelLoaded(folder.name, "abc", digest, "torch", "", "cpu", "float32")]
    with pytest.raises(ConfigError, match=r"model\.sha256"):
        load_tokens(folder, ModelOptions(), sha256="0" * 64)


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_folder_is_a_config_error(tmp_path, missing):
    folder = save_tokens(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=missing.replace(".", r"\.")):
        load_tokens(folder, ModelOptions())


def test_a_broken_graph_is_a_config_error(tmp_path):
    folder = save_tokens(tmp_path)
    (folder / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ConfigError, match=r"model\.path"):
        load_tokens(folder, ModelOptions(), weights="model.onnx")


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    folder = save_tokens(tmp_path)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match=r"pip install 'scrubber\[gliner\]'"):
        load_tokens(folder, ModelOptions())
