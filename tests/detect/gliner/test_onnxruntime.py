"""A span model on onnxruntime gives the answers of the one on torch, from the same file of weights."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from scrubber.detect.detector import Plan
from scrubber.detect.files import read_json
from scrubber.detect.gliner.checkpoint import GRAPH
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.options import ModelOptions
from scrubber.errors import ConfigError
from scrubber.telemetry import ModelLoaded
from tests.detect.models import LABELS, LINES, Shape, save_gliner
from training.export import pack
from training.graph import write

PLAN = Plan(LABELS, (0.3,) * len(LABELS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint with its weights packed as they are shipped, and its graph."""
    saved = save_gliner(tmp_path_factory.mktemp("model"), Shape(lstm_layers=0, max_width=9, layers=3))
    file = saved / "model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in pack(load_file(file)).items()}, file)
    write(read_json(saved / "gliner_config.json"), saved / GRAPH)
    return saved


@pytest.fixture(scope="module")
def engines(folder):
    return [load_gliner(folder, ModelOptions(runtime=runtime)) for runtime in ("torch", "onnxruntime")]


def assert_same(answers, others):
    """The same spans; scores up to rounding."""
    for spans, expected in zip(answers, others, strict=True):
        assert [span[:3] for span in spans] == [span[:3] for span in expected]
        assert all(abs(span.score - other.score) < 1e-4 for span, other in zip(spans, expected, strict=True))


def test_both_runtimes_give_the_same_spans(engines):
    on_torch, on_onnxruntime = (engine.detect([*LINES, " ".join(LINES)], PLAN) for engine in engines)
    assert sum(map(len, on_torch)) > 20
    assert_same(on_onnxruntime, on_torch)


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=9))
@settings(max_examples=20, deadline=None)
def test_a_text_has_the_same_spans_in_any_batch(engines, texts):
    _, engine = engines
    assert_same(engine.detect(texts, PLAN), [engine.detect([text], PLAN)[0] for text in texts])


def test_without_torch_a_model_with_a_graph_runs_on_onnxruntime(folder, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    seen = []
    engine = load_gliner(folder, ModelOptions("auto", "auto"), observe=seen.append)
    assert engine.detect(LINES[:1], PLAN)
    (loaded,) = [each for each in seen if isinstance(each, ModelLoaded)]
    assert (loaded.reason, loaded.device, loaded.dtype) == ("on onnxruntime", "cpu", "float32")


@pytest.mark.parametrize("options", [ModelOptions("cuda"), ModelOptions(dtype="bfloat16"), ModelOptions(max_width=5)])
def test_what_onnxruntime_cannot_do_is_refused(folder, options):
    asked = ModelOptions(options.device, options.dtype, options.max_width, runtime="onnxruntime")
    with pytest.raises(ConfigError, match=r"model\.runtime"):
        load_gliner(folder, asked)


def test_a_model_without_a_graph_cannot_run_on_onnxruntime(tmp_path):
    with pytest.raises(ConfigError, match=GRAPH):
        load_gliner(save_gliner(tmp_path), ModelOptions(runtime="onnxruntime"))
