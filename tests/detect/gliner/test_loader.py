import hashlib
import json

import pytest

from scrubber.detect.detector import Plan
from scrubber.detect.files import checked_digest
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.gliner_library import GlinerLibraryDetector
from scrubber.detect.options import ModelOptions
from scrubber.errors import ConfigError
from scrubber.telemetry import BatchComputed, ModelLoaded, ModelRan
from tests.detect.models import LABELS, LINES, Shape, save_gliner

pytestmark = pytest.mark.gliner
PLAN = Plan(LABELS, (0.3,) * len(LABELS))
SMALL = Shape(layers=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_gliner(tmp_path_factory.mktemp("checkpoint"), SMALL)


def change(folder, **settings):
    file = folder / "gliner_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))


def test_what_is_loaded_is_said_at_start(folder):
    seen = []
    load_gliner(folder, ModelOptions(), revision="abc", observe=seen.append)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert seen == [ModelLoaded(folder.name, "abc", digest, "own", "", "cpu", "float32")]


def test_the_engine_reports_its_runs_to_the_same_observer(folder):
    seen = []
    load_gliner(folder, ModelOptions(), observe=seen.append).detect(["ok"], PLAN)
    assert [type(happening) for happening in seen] == [ModelLoaded, BatchComputed, ModelRan]


def test_a_model_that_the_engine_does_not_compute_runs_through_the_library_and_says_why(tmp_path):
    folder = save_gliner(tmp_path, Shape(layers=1, extra=(("subtoken_pooling", "mean"),)))
    seen = []
    detector = load_gliner(folder, ModelOptions(), observe=seen.append)
    assert isinstance(detector, GlinerLibraryDetector)
    assert (seen[0].engine, seen[0].reason) == ("gliner library", "subtoken_pooling is 'mean'")
    assert any(detector.detect(LINES, PLAN))
    ran = seen[-1]
    assert sum(each.windows for each in seen[1:-1]) == ran.windows
    assert ran.texts == len(LINES)
    assert 0 < ran.words < ran.tokens <= ran.padded_tokens
    assert all(ran.stages()[stage] > 0 for stage in ("split", "plan", "forward", "decode"))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"span_mode": "token-level"}, "span_mode is 'token-level'"),
        ({"labels_encoder": "some/encoder"}, "labels_encoder is 'some/encoder'"),
        ({"words_splitter_type": "spacy"}, "words_splitter_type is 'spacy'"),
        ({"post_fusion_schema": "l2l-l2t"}, "post_fusion_schema is 'l2l-l2t'"),
        ({"encoder_config": None}, "gliner_config.json holds no encoder_config"),
        ({"class_token_index": -1}, "gliner_config.json holds no class_token_index"),
    ],
)
def test_the_engine_knows_what_it_cannot_compute(tmp_path, settings, reason):
    folder = save_gliner(tmp_path, SMALL)
    change(folder, **settings)
    assert Checkpoint(folder).unsupported() == reason


def test_without_a_tokenizer_file_the_library_is_asked(tmp_path):
    folder = save_gliner(tmp_path, SMALL)
    (folder / "tokenizer.json").unlink()
    assert Checkpoint(folder).unsupported() == "there is no tokenizer.json"


def test_an_older_checkpoint_that_only_names_its_backbone_is_known(tmp_path):
    folder = save_gliner(tmp_path, SMALL)
    change(folder, encoder_config=None, model_name="microsoft/deberta-v3-large")
    checkpoint = Checkpoint(folder)
    assert checkpoint.unsupported() is None
    assert (checkpoint.encoder_config["num_hidden_layers"], checkpoint.encoder_config["num_attention_heads"]) == (
        24,
        16,
    )


def test_pickled_weights_give_the_same_answer_as_safetensors(folder, tmp_path):
    pickled = save_gliner(tmp_path, SMALL, safetensors=False)
    expected = load_gliner(folder, ModelOptions()).detect(LINES, PLAN)
    found = load_gliner(pickled, ModelOptions()).detect(LINES, PLAN)
    strip = [[span._replace(detector="") for span in text] for text in found]
    assert strip == [[span._replace(detector="") for span in text] for text in expected]


def test_a_pickle_of_anything_but_tensors_is_refused(tmp_path):
    import torch

    folder = save_gliner(tmp_path, SMALL, safetensors=False)
    torch.save({"weights": Checkpoint}, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"model\.path"):
        load_gliner(folder, ModelOptions())


def test_weights_with_another_digest_than_the_pinned_one_are_refused(folder):
    digest = checked_digest(folder / "model.safetensors")
    load_gliner(folder, ModelOptions(), sha256=digest.upper())
    with pytest.raises(ConfigError, match=r"model\.sha256"):
        load_gliner(folder, ModelOptions(), sha256="0" * 64)


@pytest.mark.parametrize("missing", ["gliner_config.json", "model.safetensors"])
def test_an_incomplete_folder_is_a_config_error(tmp_path, missing):
    folder = save_gliner(tmp_path, SMALL)
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=r"model\.path"):
        load_gliner(folder, ModelOptions())


def test_a_checkpoint_with_weights_missing_is_a_config_error(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = save_gliner(tmp_path, SMALL)
    tensors = load_file(folder / "model.safetensors")
    del tensors["prompt_rep_layer.0.weight"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ConfigError, match=r"prompt_rep_layer\.0\.weight"):
        load_gliner(folder, ModelOptions())


def test_the_batch_budget_can_be_set_at_load(folder):
    seen = []
    engine = load_gliner(folder, ModelOptions(max_batch_tokens=1), observe=seen.append)
    engine.detect(LINES, PLAN)
    assert seen[-1].batches == len(LINES)


def test_half_precision_differs_from_full_only_close_to_a_threshold(tmp_path):
    folder = save_gliner(tmp_path, Shape(backbone="deberta"))
    plan = Plan(LABELS, (0.5,) * len(LABELS))
    full = load_gliner(folder, ModelOptions()).detect(LINES, plan)
    half = load_gliner(folder, ModelOptions(dtype="bfloat16")).detect(LINES, plan)
    exact = {(number, *span[:3]) for number, text in enumerate(full) for span in text}
    rounded = {(number, *span[:3]) for number, text in enumerate(half) for span in text}
    assert len(exact & rounded) >= 0.8 * len(exact | rounded)
