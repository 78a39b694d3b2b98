"""The model of the package: small, the same on both runtimes, and named by what it is."""

from __future__ import annotations

import hashlib

import pytest

from scrubber.core.labels import LABELS
from scrubber.detect.detector import Plan
from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.models import load_model
from scrubber.detect.options import ModelOptions

TEXTS = (
    "Hello, my name is Katrin Aalto and I live at 12 Long Street, Springfield. Please call me on +1 202 555 0143.",
    "user 'p.lindgren' failed to log in from 192.0.2.17",
    '{"customer": "Mateo Castillo", "note": "wants his card 4111 1111 1111 1111 back", "shop": 7}',
    "2031-01-02 03:04:05 INFO scheduler - 17 of 64 workers idle, build 20310102",
)
PLAN = Plan(tuple(LABELS), (0.5,) * len(LABELS))
MEGABYTES = 30


def load(runtime):
    return load_model(locate(EMBEDDED), ModelOptions(runtime=runtime))


@pytest.fixture(scope="module")
def found():
    """What each runtime finds in the texts."""
    return {runtime: load(runtime).detect(TEXTS, PLAN) for runtime in ("torch", "onnxruntime")}


def test_its_weights_are_small():
    assert (locate(EMBEDDED).folder / "model.safetensors").stat().st_size <= MEGABYTES * 1_000_000


def test_it_is_described_by_its_version_and_the_digest_of_its_weights():
    described = load("onnxruntime").describe()
    weights = (locate(EMBEDDED).folder / "model.safetensors").read_bytes()
    assert (described.name, described.digest) == ("scrubber-embedded", hashlib.sha256(weights).hexdigest())
    assert described.revision == locate(EMBEDDED).revision != ""


def test_both_runtimes_find_the_same(found):
    for ours, expected in zip(found["onnxruntime"], found["torch"], strict=True):
        assert [span[:3] for span in ours] == [span[:3] for span in expected]
        assert [span.score for span in ours] == pytest.approx([span.score for span in expected], abs=1e-4)


def test_it_finds_names_and_addresses_in_prose_and_leaves_machine_lines(found):
    (ticket, _, _, machine) = found["torch"]
    values = {TEXTS[0][span.start : span.end]: span.label for span in ticket}
    assert (values["Katrin"], values["Aalto"]) == ("first_name", "last_name")
    assert any(label == "street_address" for label in values.values())
    assert not {span.label for span in machine} & {"first_name", "last_name", "user_name", "phone_number"}


def test_a_label_that_is_not_asked_for_is_not_answered():
    asked = [label for label in LABELS if label != "first_name"]
    spans = load("onnxruntime").detect(TEXTS, Plan(tuple(asked), (0.5,) * len(asked)))
    assert not [span for text in spans for span in text if span.label == "first_name"]
