import sys

import pytest

from scrubber.detect.detector import Description, Plan
from scrubber.detect.gliner.checkpoint import Checkpoint
from scrubber.detect.gliner_library import GlinerLibraryDetector
from scrubber.detect.options import ModelOptions
from scrubber.errors import ConfigError, DetectorFailed
from tests.detect.models import LABELS, LINES, Shape, save_gliner

pytestmark = pytest.mark.gliner
ANSI = "\x1b[32m2031-01-02 INFO\x1b[0m user Hugo Mueller logged in from 192.0.2.23 - ssn 900-12-3456"


def load(folder, **options):
    return GlinerLibraryDetector(Checkpoint(folder), Description("tiny", "", "00"), ModelOptions(**options))


@pytest.fixture(scope="module", params=["bert", "deberta"])
def detector(request, tmp_path_factory):
    folder = save_gliner(tmp_path_factory.mktemp(request.param), Shape(backbone=request.param, max_len=48))
    detector = load(folder)
    detector.warm_up()
    return detector


def plan(threshold=0.4, labels=LABELS, **own):
    return Plan(tuple(labels), tuple(own.get(label, threshold) for label in labels))


def places(spans):
    return [(span.start, span.end, span.label) for span in spans]


def of_library(detector, texts, threshold):
    found = detector._model.inference(list(texts), list(LABELS), threshold=threshold)
    return [sorted((e["start"], e["end"], e["label"], e["score"]) for e in text) for text in found]


def test_plain_lines_get_the_librarys_own_answer(detector):
    found = detector.detect(LINES, plan(0.4))
    expected = of_library(detector, LINES, 0.4)
    assert sum(map(len, expected)) > 10
    assert [places(text) for text in found] == [[entity[:3] for entity in text] for text in expected]
    scores = [span.score for text in found for span in text]
    assert scores == pytest.approx([entity[3] for text in expected for entity in text], abs=1e-5)


def test_the_answer_is_the_same_however_texts_are_batched(detector):
    together = detector.detect(LINES, plan())
    alone = [detector.detect([line], plan())[0] for line in LINES]
    assert [places(text) for text in together] == [places(text) for text in alone]


def test_an_ansi_coloured_line_is_read_like_the_plain_one(detector):
    (coloured,) = detector.detect([ANSI], plan())
    (plain,) = detector.detect([ANSI.replace("\x1b", " ")], plan())
    assert coloured == plain != []


def test_a_lone_surrogate_does_not_cost_the_batch(detector):
    found = detector.detect(["broken \ud83d escape", *LINES], plan())
    assert [places(text) for text in found[1:]] == [places(text) for text in detector.detect(LINES, plan())]


@pytest.mark.filterwarnings("error:.*truncated")
def test_nothing_of_a_long_text_is_cut(detector):
    line = LINES[0] + " "
    long = line * 40  # some 500 words against a window of 48
    (found,) = detector.detect([long], plan(0.3))
    thirds = {span.start * 3 // len(long) for span in found}
    assert thirds == {0, 1, 2}
    assert max(span.end for span in found) > len(long) - len(line)


def test_a_single_endless_word_is_read(detector):
    (found,) = detector.detect(["x" * 2_000 + " " + LINES[0]], plan(0.3))
    assert any(span.start > 2_000 for span in found)


def test_each_label_has_its_own_threshold_before_overlaps_are_resolved(detector):
    (low,) = detector.detect([LINES[0]], plan(0.4))
    best = max(low, key=lambda span: span.score)
    (found,) = detector.detect([LINES[0]], plan(0.4, **{best.label: 1.1}))
    assert best.label not in {span.label for span in found}
    (without,) = detector.detect([LINES[0]], plan(0.4, **{best.label: 0.4}))
    assert places(without) == places(low)
    assert found != [span for span in low if span.label != best.label]  # what it had displaced is back


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\ufe0f\x1b\u200b"])
def test_a_text_without_a_word_has_no_spans_and_no_effect_on_others(detector, text):
    found = detector.detect([text, LINES[0], text], plan())
    assert found[0] == found[2] == []
    assert places(found[1]) == places(detector.detect([LINES[0]], plan())[0])


def test_labels_none_one_and_twice(detector):
    assert detector.detect(LINES[:2], Plan((), ())) == [[], []]
    once = detector.detect(LINES[:2], plan(0.1, labels=["ssn"]))
    twice = detector.detect(LINES[:2], plan(0.1, labels=["ssn", "ssn"]))
    assert once == twice


def test_more_labels_than_the_model_can_read_are_refused_not_cut(tmp_path):
    detector = load(save_gliner(tmp_path, Shape(positions=160)))
    with pytest.raises(ConfigError, match="fewer labels"):
        detector.detect(["ok"], plan(labels=[f"label_number_{i}" for i in range(60)]))


def test_an_overloaded_device_gets_smaller_batches(detector, monkeypatch):
    expected = detector.detect(LINES, plan())
    sizes = []
    run = detector._model.run_batch

    def run_batch(batch, **kwargs):
        sizes.append(len(batch["tokens"]))
        if sizes[-1] > 2:
            raise RuntimeError(f"out of memory while reading {batch['tokens']}")
        return run(batch, **kwargs)

    monkeypatch.setattr(detector._model, "run_batch", run_batch)
    assert [places(text) for text in detector.detect(LINES, plan())] == [places(text) for text in expected]
    assert max(sizes) > 2

    monkeypatch.setattr(detector._model, "run_batch", lambda batch, **_: run_batch({"tokens": [1, 2, 3]}))
    with pytest.raises(DetectorFailed):
        detector.detect(LINES, plan())


def test_a_fault_never_means_no_spans_and_never_quotes_the_text(detector, monkeypatch):
    def run_batch(batch, **_):
        raise ValueError(f"bad input: {batch['tokens']}")

    monkeypatch.setattr(detector._model, "run_batch", run_batch)
    with pytest.raises(DetectorFailed) as caught:
        detector.detect(LINES, plan())
    assert "Ada" not in str(caught.value)
    assert caught.value.__context__ is None


def test_scores_that_are_not_numbers_fail(detector, monkeypatch):
    run = detector._model.run_batch

    def run_batch(batch, **kwargs):
        output = run(batch, **kwargs)
        return type(output)(logits=output.logits * float("nan"))

    monkeypatch.setattr(detector._model, "run_batch", run_batch)
    with pytest.raises(DetectorFailed, match="not numbers"):
        detector.detect(LINES, plan())


def test_max_width_can_be_raised_at_load(tmp_path):
    folder = save_gliner(tmp_path, Shape(max_width=4))
    text = " ".join(["Ada"] * 30)
    assert _longest(load(folder), text) <= 4
    assert _longest(load(folder, max_width=24), text) > 4


def _longest(detector, text):
    (found,) = detector.detect([text], plan(0.05))
    return max(len(text[span.start : span.end].split()) for span in found)


def test_rows_of_int8_are_multiplied_out_for_the_library_too(tmp_path):
    from safetensors.torch import load_file, save_file

    from training.export import pack

    folder = save_gliner(tmp_path, Shape(layers=1))
    expected = load(folder).detect(LINES, plan(0.3))
    save_file(pack(load_file(folder / "model.safetensors")), folder / "model.safetensors")
    found = load(folder).detect(LINES, plan(0.3))
    close = {(span.start, span.label) for text in expected for span in text}
    assert len(close & {(span.start, span.label) for text in found for span in text}) > 0.7 * len(close) > 3


def test_a_checkpoint_that_the_library_cannot_load_is_a_config_error(tmp_path):
    (tmp_path / "gliner_config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"model\.path"):
        load(tmp_path)


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gliner", None)
    (tmp_path / "gliner_config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"pip install 'scrubber\[gliner\]'"):
        load(tmp_path)
