"""The playground: what a draft of a policy makes of a text, and what is exported of it."""

import json
from importlib import resources

import jsonschema
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scrubber.cli import main
from scrubber.cli.console.drafts import ACTIONS, KEYED, Base, Draft, LabelDraft, as_yaml, compiled, preset_bases
from scrubber.cli.console.playground import Playground, Question
from scrubber.cli.exits import Exit
from scrubber.cli.explanations import visible
from scrubber.core.keys import KeyRing
from scrubber.core.labels import LABELS
from scrubber.core.spans import Span
from scrubber.detect.detector import Description
from scrubber.detect.rules.load import builtin_rules
from scrubber.policies import PRESETS, load_policy

EMAIL = "ann@mail.example"
SCHEMA = json.loads(resources.files("scrubber.core").joinpath("audit.schema.json").read_bytes())
KEYS = KeyRing({"k1": bytes(range(32))})
PLAYGROUND = Playground(preset_bases(), builtin_rules(), {})


class Finds:
    """A detector that knows one name."""

    def __init__(self, value, label):
        self._value, self._label = value, label

    def detect(self, texts, plan):
        return [
            [Span(text.index(self._value), text.index(self._value) + len(self._value), self._label, 0.9, "finds")]
            if self._value in text
            else []
            for text in texts
        ]

    def describe(self):
        return Description("finds", "1", "0f")


def test_it_says_what_was_found_by_what_and_what_leaves(examine):
    told = examine(f"to {EMAIL} now")
    [found] = told["found"]
    assert (found["label"], found["by"], found["action"]) == ("email", "rule email", "replace")
    assert told["clean"] == "to <EMAIL> now"
    assert told["pieces"] == [["to ", None], [EMAIL, 0], [" now", None]]
    assert told["clean_pieces"] == [["to ", None], ["<EMAIL>", "email"], [" now", None]]


def test_the_audit_event_is_the_one_that_would_leave(examine):
    event = examine(f'{{"user": {{"mail": "{EMAIL}"}}}}')["event"]
    jsonschema.validate(event, SCHEMA)
    [redaction] = event["redactions"]
    assert redaction["path"] == "user.mail"
    assert EMAIL not in json.dumps(event)


def test_a_text_without_findings_has_no_event(examine):
    told = examine("17 of 64 idle")
    assert (told["event"], told["found"], told["clean"]) == (None, [], "17 of 64 idle")


def test_a_threshold_above_the_score_leaves_the_finding_alone(examine):
    told = examine(EMAIL, {"base": "logs", "labels": {"email": {"threshold": 1.0}}})
    assert told["clean"] == EMAIL
    assert [found["action"] for found in told["found"]] == [""]
    assert told["pieces"] == [["", None], [EMAIL, 0], ["", None]]


def test_labels_are_switched_and_actions_chosen(examine):
    off = {"base": "logs", "labels": {"email": {"enabled": False}}}
    assert examine(EMAIL, off)["clean"] == EMAIL
    masked = {"base": "logs", "action": "mask", "labels": {"ipv4": {"action": "replace"}}}
    assert examine(f"{EMAIL} 192.0.2.1", masked)["clean"] == "***@****.******* <IPV4>"


def test_a_record_that_would_be_dropped_shows_its_envelope(examine):
    told = examine(EMAIL, {"base": "logs", "labels": {"email": {"action": "drop_record"}}})
    assert (told["reason"], told["clean"]) == ("policy_drop", "")
    assert told["event"]["payload"] == "omitted:policy"
    assert EMAIL not in json.dumps(told["event"])


def test_text_that_is_markup_or_steers_a_terminal_is_text(examine):
    hostile = f"<script>alert(1)</script><img src=x onerror=alert(1)> \x1b[31m\u202e{EMAIL}"
    told = examine(hostile)
    shown = "".join(text for text, _ in told["pieces"])
    assert "<script>alert(1)</script>" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@given(text=st.text(max_size=200))
def test_the_pieces_are_the_whole_text_and_the_whole_output(text):
    told = PLAYGROUND.answer(Question(text=f"{text} {EMAIL} 192.0.2.7"))
    if told["reason"] is None:
        assert "".join(piece for piece, _ in told["clean_pieces"]) == visible(told["clean"])
        assert "".join(piece for piece, _ in told["pieces"]) == visible(f"{text} {EMAIL} 192.0.2.7")


def test_a_model_is_asked_when_it_is_chosen(client_of):
    client = client_of(models={"names": Finds("Ann Hill", "first_name")})
    assert client.get("/api/setup").json()["models"] == ["names", "rules only"]
    for model, clean in (("names", "hello <FIRST_NAME>"), ("rules only", "hello Ann Hill")):
        assert client.post("/api/examine", json={"text": "hello Ann Hill", "model": model}).json()["clean"] == clean


def test_what_is_not_offered_is_refused_by_name_of_the_setting(client):
    for question, told in (
        ({"text": "x", "model": "other"}, "model"),
        ({"text": "x", "draft": {"base": "other"}}, "base"),
        ({"text": "x", "draft": {"labels": {"emial": {"enabled": True}}}}, "labels.emial"),
        ({"text": "x", "draft": {"action": "explode"}}, "defaults.action"),
        ({"text": "x", "draft": {"action": "hash"}}, "defaults.action"),
    ):
        answer = client.post("/api/examine", json=question)
        assert answer.status_code == 422
        assert answer.json()["problems"][0].startswith(told)


def test_actions_that_need_a_key_are_offered_with_one(client, client_of):
    assert not KEYED & set(client.get("/api/setup").json()["actions"])
    assert set(client_of(keys=KEYS).get("/api/setup").json()["actions"]) >= KEYED


def test_every_preset_is_told_as_it_is(client):
    bases = {base["name"]: base for base in client.get("/api/setup").json()["bases"]}
    assert set(bases) == set(PRESETS)
    for name, base in bases.items():
        plan = load_policy(name).plan()
        assert {label: it["threshold"] for label, it in base["labels"].items()} == dict(
            zip(plan.labels, plan.thresholds, strict=True)
        )


drafts = st.builds(
    Draft,
    base=st.sampled_from(PRESETS),
    threshold=st.none() | st.floats(0, 1),
    action=st.none() | st.sampled_from(sorted(ACTIONS)),
    labels=st.dictionaries(
        st.sampled_from(sorted(LABELS)),
        st.builds(
            LabelDraft,
            enabled=st.none() | st.booleans(),
            threshold=st.none() | st.floats(0, 1),
            action=st.none() | st.sampled_from(sorted(ACTIONS)),
        ),
        max_size=4,
    ),
)


@given(draft=drafts)
def test_the_exported_policy_is_the_one_that_was_tried(draft):
    base = next(base for base in preset_bases() if base.name == draft.base)
    document = yaml.safe_load(as_yaml(base, draft))
    if set(document) == {"version", "name", "extends"}:
        document["name"] = base.name  # nothing is different: what was tried is the preset itself
    assert load_policy(document, KEYS).digest == compiled(base, draft, KEYS).digest


def test_a_draft_without_differences_is_its_base(examine):
    for name in PRESETS:
        assert examine("x", {"base": name})["policy"] == {"name": name, "digest": load_policy(name).digest}


def test_check_accepts_what_is_exported(examine, tmp_path, capfd):
    draft = {"base": "gdpr", "threshold": 0.3, "labels": {"email": {"action": "mask, last 4 stay"}}}
    (tmp_path / "tuned.yaml").write_text(examine("x", draft)["yaml"])
    config = {
        "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
        "routes": [{"topics": ["app"], "policy": "tuned"}],
        "policies": {"tuned": {"file": "tuned.yaml"}},
    }
    (tmp_path / "scrubber.yaml").write_text(yaml.safe_dump(config))
    assert main(["check", "--config", str(tmp_path / "scrubber.yaml")]) == Exit.OK
    assert "no problems" in capfd.readouterr().out


OWN = {
    "version": 1,
    "name": "own",
    "extends": "logs",
    "defaults": {"threshold": 0.4},
    "labels": {"ipv4": {"enabled": False}},
    "deny": {"values": {"Project Nightjar": "denied"}},
}


def test_of_a_policy_of_ones_own_only_the_differences_are_exported(client_of):
    client = client_of([Base("own", OWN, own=True)])
    question = {"text": "Project Nightjar 192.0.2.1", "draft": {"base": "own", "labels": {"ipv4": {"enabled": True}}}}
    told = client.post("/api/examine", json=question).json()
    assert told["clean"] == "<DENIED> <IPV4>"
    assert yaml.safe_load(told["yaml"]) == {"labels": {"ipv4": {"enabled": True}}}
    assert "Nightjar" not in client.get("/api/setup").text


@given(draft=drafts)
def test_the_lines_for_ones_own_file_make_it_the_policy_that_was_tried(draft):
    base = Base("own", OWN, own=True)
    lines = yaml.safe_load(as_yaml(base, draft)) or {}
    labels = {name: {**OWN["labels"].get(name, {}), **it} for name, it in lines.get("labels", {}).items()}
    merged = {
        **OWN,
        "defaults": {**OWN["defaults"], **lines.get("defaults", {})},
        "labels": {**OWN["labels"], **labels},
    }
    assert load_policy(merged, KEYS).digest == compiled(base, draft, KEYS).digest


def test_the_defaults_of_a_base_look_through_its_presets():
    assert Base("own", OWN, own=True).defaults() == {"threshold": 0.4, "action": "replace"}
    assert Base("bare", {"extends": "logs"}, own=True).defaults() == {"threshold": 0.5, "action": "replace"}


def test_a_question_never_prints_its_text():
    assert EMAIL not in repr(Question(text=EMAIL))
