import pytest

from scrubber.core.spans import Span
from scrubber.detect.cache import CachedDetector, TemplateDetector
from scrubber.detect.detector import Description, Plan
from scrubber.detect.gliner.engine import GlinerEngine
from scrubber.detect.hub import Located, locate
from scrubber.detect.models import kind_of, load_model, on_device
from scrubber.detect.options import ModelOptions
from scrubber.detect.sparing import SparingDetector
from scrubber.detect.tokens.engine import TokenEngine
from scrubber.detect.worker import DeviceWorker
from scrubber.errors import ConfigError
from tests.detect.models import Shape, save_gliner, save_tokens

PLAN = Plan(("user_name",), (0.5,))


class Digits:
    def detect(self, texts, plan):
        return [[Span(0, 1, "user_name", 0.9, text)] for text in texts]

    def warm_up(self): ...

    def describe(self):
        return Description("digits", "1", "00")

    def close(self): ...


@pytest.mark.gliner
def test_a_model_is_loaded_by_what_its_folder_shows(tmp_path):
    gliner = locate(str(save_gliner(tmp_path / "gliner", Shape(layers=1))))
    tokens = locate(str(save_tokens(tmp_path / "tokens")))
    assert (kind_of(gliner), kind_of(tokens)) == ("gliner", "tokens")
    assert isinstance(load_model(gliner, ModelOptions()), GlinerEngine)
    assert isinstance(load_model(gliner, ModelOptions(), asks_all=False), SparingDetector)
    assert isinstance(load_model(tokens, ModelOptions()), TokenEngine)


def test_the_description_has_the_name_and_commit_of_the_hub(tmp_path):
    folder = save_tokens(tmp_path)
    described = load_model(Located(folder, "owner/model", "abc"), ModelOptions()).describe()
    assert (described.name, described.revision) == ("owner/model", "abc")


def test_any_other_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ConfigError, match="GLiNER models and token classifiers"):
        kind_of(locate(str(tmp_path)))


@pytest.mark.parametrize(
    ("memory", "kind", "shown"),
    [
        ("off", DeviceWorker, "port 51234"),
        ("exact", CachedDetector, "port 51234"),
        ("templates", TemplateDetector, "port 12121"),
    ],
)
def test_memory_stands_before_the_device_thread(memory, kind, shown):
    detector = on_device(Digits(), memory=memory)
    assert isinstance(detector, kind)
    assert detector.detect(["port 51234"], PLAN)[0][0].detector == shown
    detector.close()


def test_labels_whose_digits_matter_are_passed_on():
    detector = on_device(Digits(), memory="templates", digits_matter=frozenset({"user_name"}))
    assert detector.detect(["port 51234"], PLAN)[0][0].detector == "port 51234"
    detector.close()


@pytest.mark.parametrize(
    "path", ["no-such-folder", "./no-such-folder", "../no-such-folder", "no/such/folder", "no./x--y"]
)
def test_a_folder_that_is_not_there_is_a_config_error(path):
    with pytest.raises(ConfigError, match="there is no folder"):
        locate(path)
