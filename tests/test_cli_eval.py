"""`scrubber eval`: data in, scores, report and thresholds out. All data is made up."""

import codecs
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from scrubber.cli import main
from scrubber.cli.eval_page import shape
from scrubber.cli.exits import Exit
from scrubber.core.policy import Policy
from scrubber.core.spans import Span
from scrubber.policies import load_policy

EMAIL, NAME, CARD = "ann@mail.example", "Zebulon <b>Quark</b>", "4111 1111 1111 1111"
MAP = {
    "core": ["EMAIL", "PERSON", "CREDIT_CARD"],
    "soft": ["ORG"],
    "map": {"mail": {"MAILBOX": "EMAIL", "WHO": "PERSON", "FIRM": "ORG"}},
}


def row(text, *spans, source="mail", **others):
    marked = [
        {"start": (start := text.index(value)), "end": start + len(value), "label": label, "text": value}
        for value, label in spans
    ]
    return {"text": text, "spans": marked, "source": source, **others}


MAIL = [row(f"mail {EMAIL} to {NAME} today", (EMAIL, "MAILBOX"), (NAME, "WHO"))] * 30


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(**sets):
        (tmp_path / "map.json").write_text(json.dumps(MAP))
        for name, rows in sets.items():
            lines = (line if isinstance(line, str) else json.dumps(line) for line in rows)
            (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", errors="surrogateescape")

    return write


def evaluate(*arguments):
    return main(["eval", *arguments, "--rules-only", "--json", "scores.json"])


def written():
    return json.loads(Path("scores.json").read_text())


def tuned():
    return yaml.safe_load(Path("tuned.yaml").read_text())


@pytest.mark.parametrize("option", ["--json", "--html", "--tune"])
def test_a_file_that_cannot_be_written_is_told_before_the_work(files, monkeypatch, capsys, option):
    files(mail=MAIL)
    monkeypatch.setattr("scrubber.cli.eval.Evaluator", lambda *_: pytest.fail("worked first"))
    for place, reason in (("no/such", "No such file or directory"), (".", "Is a directory")):
        assert main(["eval", "mail.jsonl", "--labelmap", "map.json", "--rules-only", option, place]) == Exit.CONFIG
        assert f"{option}: {place}: {reason}" in capsys.readouterr().err


def test_scores_are_by_set_and_by_class(files, capsys):
    files(mail=MAIL)
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.OK
    scores = written()["sets"]["mail"]
    assert (scores["rows"], scores["values"], scores["partial"]) == (30, 60, False)
    assert scores["overall"]["leak_rate"] == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert scores["overall"]["character_precision"]["value"] == 1.0
    assert scores["by_class"]["EMAIL"]["strict_f1"] == 1.0
    assert scores["by_class"]["PERSON"]["leak_rate"] == 1.0
    assert scores["confusion"]["PERSON"] == {"(missed)": 30}
    assert scores["records_per_sec"] > 0
    out = capsys.readouterr().out
    assert "50.0 [50.0, 50.0]" in out
    assert EMAIL not in out
    assert NAME not in out


def test_positions_are_code_points(files):
    files(mail=[row(f"\U0001f600é {EMAIL}", (EMAIL, "MAILBOX"))])
    evaluate("mail.jsonl", "--labelmap", "map.json")
    assert written()["sets"]["mail"]["overall"]["strict_f1"]["value"] == 1.0


def test_without_a_label_map_the_data_has_our_labels(files):
    files(own=[row(f"{EMAIL} paid", (EMAIL, "email"), source="")])
    assert evaluate("own.jsonl") == Exit.OK
    assert written()["sets"]["own"]["by_class"]["EMAIL"]["strict_recall"] == 1.0


def test_a_source_left_out_is_the_name_of_the_file(files):
    files(mail=[row(EMAIL, (EMAIL, "MAILBOX"), source="")])
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.OK


def test_a_label_map_may_put_our_labels_elsewhere(files, tmp_path):
    files(mail=[row(EMAIL, (EMAIL, "WHO"))])
    (tmp_path / "map.json").write_text(json.dumps(MAP | {"labels": {"email": "PERSON"}}))
    evaluate("mail.jsonl", "--labelmap", "map.json")
    assert written()["sets"]["mail"]["by_class"]["PERSON"]["strict_f1"] == 1.0


def test_partial_sets_have_recall_only(files, capsys):
    files(mail=[{**MAIL[0], "partial": True}])
    evaluate("mail.jsonl", "--labelmap", "map.json")
    assert not any("precision" in name or "f1" in name for name in written()["sets"]["mail"]["overall"])
    assert "mail (partial)" in capsys.readouterr().out


def test_hits_in_unlabelled_text_are_counted_by_label_and_rule(files):
    text = f"from {EMAIL}\n" + "." * 1000
    files(logs=[{"text": text}, {"text": text, "spans": [], "labelled": False}])
    assert evaluate("logs.jsonl") == Exit.OK
    entry = written()["sets"]["logs"]
    assert "overall" not in entry
    size = 2 * len(text)
    hits = {"email": {"hits": 2, "per_50_kb": round(2 * 50_000 / size, 4)}}
    assert entry["unlabelled"]["by_label"] == hits
    assert (entry["unlabelled"]["rows"], entry["unlabelled"]["bytes"]) == (2, size)
    assert sum(entry["unlabelled"]["by_rule"].values()) == 2


def test_what_the_policy_keeps_leaks(files, tmp_path):
    files(mail=[row(EMAIL, (EMAIL, "MAILBOX"))])
    (tmp_path / "keep.yaml").write_text("{version: 1, name: keep, labels: {email: {action: keep}}}")
    evaluate("mail.jsonl", "--labelmap", "map.json", "--policy", "keep.yaml")
    assert written()["sets"]["mail"]["overall"]["leak_rate"]["value"] == 1.0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text": "zzsecret', "truncated"),
        ('{"spans": []}', "`text`"),
        ('{"text": "zzsecret", "more": ' + '{"a":' * 5000, "nested too deep"),
        ('{"text": "zzsecret \udcff"}', "not UTF-8"),
        (json.dumps({"text": "zzsecret", "spans": [{"start": "zzsecret"}]}), "$.spans[0]"),
        (json.dumps({"text": "zzsecret", "spans": [{"start": 0, "end": 9, "label": "WHO"}]}), "0-9 does not fit"),
        (json.dumps({"text": "zzsecret", "spans": [{"start": 3, "end": 3, "label": "WHO"}]}), "3-3 does not fit"),
        (json.dumps({"text": "zzsecret", "spans": [{"start": -1, "end": 3, "label": "WHO"}]}), "does not fit"),
        (
            json.dumps({"text": "zzsecret", "spans": [{"start": 0, "end": 2, "label": "WHO", "text": "zzsecret"}]}),
            "is not its own text (positions are code points, not bytes)",
        ),
        (json.dumps({"text": "zzsecret", "spans": [{"start": 0, "end": 2, "label": "NEW"}]}), "without a class"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_never_by_its_text(files, capsys, line, told):
    files(mail=[MAIL[0], line])
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.CONFIG
    out, err = capsys.readouterr()
    assert "mail.jsonl:2: " in err
    assert told in err
    assert "zzsecret" not in out + err


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_row(files, tmp_path):
    files(mail=MAIL)
    for name in ("mail.jsonl", "map.json"):
        (tmp_path / name).write_bytes(codecs.BOM_UTF8 + (tmp_path / name).read_bytes())
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.OK


def test_a_label_map_that_is_nested_too_deep_is_refused(files, tmp_path, capsys):
    files(mail=MAIL)
    (tmp_path / "map.json").write_text('{"more":' * 5000)
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.CONFIG
    assert "map.json: nested too deep" in capsys.readouterr().err


def test_many_bad_rows_are_told_up_to_a_number(files, capsys):
    files(mail=["{}"] * 100)
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.CONFIG
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 22
    assert "and 80 more like these" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.jsonl",), "none.jsonl: No such file"),
        (("mail.jsonl", "--labelmap", "none.json"), "none.json: No such file"),
        (("mail.jsonl", "--labelmap", "mail.jsonl"), "mail.jsonl: "),
        (("empty.jsonl",), "empty.jsonl: holds no rows"),
        (("mail.jsonl", "--labelmap", "map.json", "--html", "none/x.html"), "--html: none/x.html"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(files, capsys, arguments, told):
    files(mail=MAIL, empty=[])
    assert evaluate(*arguments) == Exit.CONFIG
    assert told in capsys.readouterr().err


def test_a_label_map_whose_classes_are_not_its_own_is_refused(files, tmp_path, capsys):
    files(mail=MAIL)
    (tmp_path / "map.json").write_text(json.dumps(MAP | {"labels": {"email": "MALE"}}))
    assert evaluate("mail.jsonl", "--labelmap", "map.json") == Exit.CONFIG
    assert "map.json: labels.email: names a class" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["leak", "leak=2", "recall=0.5", "precision=x", "leak=nan"])
def test_a_target_that_says_nothing_is_a_usage_error(files, target, capsys):
    files(mail=MAIL)
    assert evaluate("mail.jsonl", "--target", target) == Exit.CONFIG
    assert "leak=0.02 or precision=0.95" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["leak=0.1", "precision=0.9"])
def test_proposed_thresholds_are_a_policy_that_can_be_used(files, target):
    files(mail=MAIL)
    assert evaluate("mail.jsonl", "--labelmap", "map.json", "--tune", "tuned.yaml", "--target", target) == Exit.OK
    document = tuned()
    assert (document["extends"], document["name"]) == ("logs", "logs-tuned")
    assert list(document["labels"]) == ["email"]
    assert isinstance(load_policy(document), Policy)
    assert written()["proposals"][0]["label"] == "email"
    assert evaluate("mail.jsonl", "--labelmap", "map.json", "--policy", "tuned.yaml") == Exit.OK
    assert written()["sets"]["mail"]["by_class"]["EMAIL"]["leak_rate"] == 0.0


def test_thresholds_below_those_of_the_policy_are_weighed(files, tmp_path):
    files(mail=MAIL)
    (tmp_path / "high.yaml").write_text("{version: 1, name: high, labels: {email: {threshold: 1.0}}}")
    arguments = ("mail.jsonl", "--labelmap", "map.json", "--policy", "high.yaml", "--tune", "tuned.yaml")
    assert evaluate(*arguments) == Exit.OK
    assert written()["sets"]["mail"]["by_class"]["EMAIL"]["leak_rate"] == 1.0
    document = tuned()
    assert document["labels"]["email"]["threshold"] < 1.0
    assert "extends" not in document
    load_policy(document)


def test_a_threshold_that_does_not_reach_the_target_is_only_a_comment(files):
    half = [row("mail ann", ("ann", "WHO")), row(f"mail {EMAIL}", (EMAIL, "WHO"))] * 30
    files(mail=half)
    evaluate("mail.jsonl", "--labelmap", "map.json", "--tune", "tuned.yaml", "--target", "precision=0.9")
    assert tuned()["labels"] == {}
    assert "#  email: {threshold: 0." in Path("tuned.yaml").read_text()
    load_policy(tuned())


def test_too_little_data_proposes_nothing(files):
    files(mail=MAIL[:2])
    evaluate("mail.jsonl", "--labelmap", "map.json", "--tune", "tuned.yaml")
    document = tuned()
    assert document["labels"] == {}
    load_policy(document)


def test_one_threshold_for_all_labels_leaves_those_off_that_are_off():
    policy = load_policy(
        {
            "version": 1,
            "name": "some",
            "labels": {"email": {"threshold": 0.9}, "city": {"enabled": False}},
            "scopes": [{"when": {"topics": ["a"]}, "labels": {"email": {"threshold": 0.8}}}],
        }
    ).at_threshold(0.2)
    assert policy.accepts(Span(0, 1, "email", 0.2, "rules"), "x", "")
    assert policy.scoped("a").accepts(Span(0, 1, "email", 0.2, "rules"), "x", "")
    assert not policy.accepts(Span(0, 1, "email", 0.19, "rules"), "x", "")
    assert not policy.accepts(Span(0, 1, "city", 1.0, "rules"), "x", "")
    assert set(policy.plan().thresholds) == {0.2}


class Page(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self, text):
        super().__init__()
        self.tags = set()
        self.links = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") or name.startswith("on")]


def report(*arguments):
    assert evaluate("mail.jsonl", "logs.jsonl", "--labelmap", "map.json", "--html", "report.html", *arguments) == 0
    return Path("report.html").read_text()


def test_the_report_fetches_and_runs_nothing_and_shows_every_part(files):
    files(mail=MAIL, logs=[{"text": EMAIL}])
    text = report()
    page = Page(text)
    assert "script" not in page.tags
    assert page.links == ["data:,"]
    assert {"svg", "table", "figure"} <= page.tags
    assert "default-src 'none'" in text
    for heading in ("Labelled sets", "Thresholds", "By class", "Confusion", "Worst misses", "Hits in unlabelled text"):
        assert f"<h2>{heading}</h2>" in text
    assert "http://" not in text
    assert "https://" not in text


def test_the_report_shows_values_only_if_asked_and_escaped(files):
    files(mail=MAIL, logs=[{"text": EMAIL}])
    masked = report()
    assert "Zebulon" not in masked
    assert EMAIL not in masked
    assert "Xxxxxxx" in masked
    shown = report("--show-text")
    assert "Zebulon &lt;b&gt;Quark&lt;/b&gt;" in shown
    assert not re.search("<b>", shown)


def test_a_shape_has_no_letter_and_no_digit_of_the_value():
    assert shape("Ärger 7, ٣!") == "Xxxxx.9..9."
