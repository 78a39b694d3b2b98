"""`scrubber explain`, on a terminal, in a pipe and as a page."""

import gc
import os
import re
import subprocess
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from rich.console import Console

from scrubber.cli.exits import Exit
from scrubber.cli.explanations import Explainer, visible
from scrubber.cli.wiring import single_policy_engine
from scrubber.core.formats.json_lines import MAX_DEPTH
from scrubber.detect.rules.load import builtin_rules
from scrubber.policies import load_policy
from tests.command_line import PROGRAM, run_here

EMAIL = "ann@mail.example"


@pytest.fixture
def explain(capfdbinary, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, stdin=b""):
        ran = run_here(capfdbinary, "explain", *arguments, stdin=stdin)
        assert (ran.code, ran.err) == (Exit.OK, "")
        return ran.out.decode()

    return run


def cells(output, label):
    """Return the row of the table that has this label, its columns one blank apart."""
    return " ".join(next(line for line in output.splitlines() if f" {label} " in line).split())


def test_it_says_what_was_found_by_what_and_what_becomes_of_it(explain):
    output = explain(f"to {EMAIL}, card 4111 1111 1111 1111")
    original, clean, *_ = output.splitlines()
    assert original == f"to «{EMAIL}», card «4111 1111 1111 1111»"
    assert clean == "to <EMAIL>, card <CREDIT_DEBIT_CARD>"
    assert cells(output, "email") == "3-19 email rule email 0.98 email replace"
    assert cells(output, "credit_debit_card") == "26-45 credit_debit_card rule card_number 0.98 card replace"


def test_paths_are_told_where_the_text_is_json(explain):
    output = explain(f'{{"user":{{"mail":["{EMAIL}"]}}}}')
    assert cells(output, "email").startswith("user.mail[0] 18-34 email ")


def test_each_line_of_standard_input_is_a_record(explain):
    output = explain("-", stdin=f"one\n{EMAIL}\n".encode())
    assert output.splitlines()[:5] == ["one", "one", "nothing found", "", f"«{EMAIL}»"]


def test_what_the_policy_left_alone_is_told(explain, tmp_path):
    policy = tmp_path / "own.yaml"
    policy.write_text("version: 1\nname: own\nextends: logs\nlabels: {email: {enabled: false}}\n")
    output = explain("--policy", str(policy), f"é {EMAIL}")
    assert output.splitlines()[:2] == [f"é {EMAIL}", f"é {EMAIL}"]
    assert cells(output, "email") == "2-18 email rule email 0.98 email left alone"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"\xff " + EMAIL.encode(), "undecodable"),
        (b"[" * (MAX_DEPTH + 1) + b'"ann@mail.example"' + b"]" * (MAX_DEPTH + 1), "too_deep"),
    ],
)
def test_a_record_that_does_not_go_on_says_why(explain, record, reason):
    assert explain("-", stdin=record).splitlines() == [f"does not go on: {reason}"]


def test_an_argument_that_is_no_utf_8_is_told_too(explain):
    assert explain("caf\udce9") == "does not go on: undecodable\n"


def test_what_drops_a_record_is_told(explain, tmp_path):
    policy = tmp_path / "own.yaml"
    policy.write_text("version: 1\nname: own\nextends: logs\nlabels: {email: {action: drop_record}}\n")
    output = explain("--policy", str(policy), EMAIL)
    assert output.startswith("does not go on: policy_drop\n")
    assert cells(output, "email")


def test_colours_are_for_terminals(explain, monkeypatch):
    monkeypatch.setattr("scrubber.cli.explain.Console", lambda **options: Console(force_terminal=True, **options))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = explain(f"to {EMAIL} now")
    assert re.match(rf"to \x1b\[[0-9;]+m{re.escape(EMAIL)}\x1b\[0m now\n", output)


def test_a_text_cannot_steer_the_terminal(explain):
    output = explain(f"\x1b]0;title\x07 \x7f \u202e{EMAIL}\x00")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", output)
    assert "\u241b]0;title\u2407 \u2421 \\u202e" in output


def test_only_what_cannot_be_seen_is_changed_to_be_seen():
    assert visible("é 😀 \u00a0\n\t") == "é 😀 \u00a0\n\t"
    assert visible("a\u200bb\x85") == "a\\u200bb\\u0085"


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open = [], {}, []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.update(attributes)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_escaped_and_fetches_nothing(explain, tmp_path):
    file = tmp_path / "page.html"
    hostile = f'<script src="https://x.example/a.js"></script><b onclick=x> & "\' {EMAIL}'
    output = explain("-", "--html", str(file), stdin=f'{hostile}\n{{"<i>":"{EMAIL}"}}\n'.encode() + b"\xff\nnothing\n")
    assert output == ""
    html = file.read_text()
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    assert not {"script", "b", "i", "link", "img", "iframe"} & set(page.tags)
    assert not {"src", "href", "onclick"} & set(page.attributes)
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert page.tags.count("section") == 4
    assert unescape(re.sub("<[^>]*>", "", re.search("<pre>(.*?)</pre>", html)[1])) == hostile
    assert page.tags.count("mark") == 2


def test_a_page_that_cannot_be_written_is_told(capfdbinary):
    ran = run_here(capfdbinary, "explain", "x", "--html", "no/such/folder")
    assert ran.code == Exit.CONFIG
    assert "--html: no/such/folder: No such file or directory" in ran.err


def test_a_line_that_is_too_long_is_not_said_to_hold_nothing(explain, monkeypatch, tmp_path):
    monkeypatch.setattr("scrubber.cli.standard.MAX_LINE_BYTES", 20)
    lines = f"{EMAIL}\n{'x' * 21}\n".encode()
    assert explain("-", stdin=lines).splitlines()[-1] == "does not go on: too_long"
    page = tmp_path / "page.html"
    explain("-", "--html", str(page), stdin=lines)
    assert "does not go on: too_long" in page.read_text()


def test_no_name_is_cut_however_narrow_the_terminal_is(explain, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    deep = f'{{"someone":{{"or":{{"other":{{"mail":"{EMAIL}","card":"4111 1111 1111 1111"}}}}}}}}'
    output = explain(deep)
    assert cells(output, "email").startswith("someone.or.other.mail ")
    assert " credit_debit_card rule card_number 0.98 card replace" in cells(output, "credit_debit_card")


def test_a_text_that_the_encoding_of_the_output_has_not_is_shown_all_the_same():
    done = subprocess.run(
        [*PROGRAM, "explain", "--rules-only", f"é 😀 {EMAIL}"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.decode("latin-1").splitlines()[:2] == [f"é \\U0001f600 «{EMAIL}»", "é \\U0001f600 <EMAIL>"]


@pytest.mark.parametrize("shape", ["é {} ", '{{"é": ["{}"], "k": "{}"}}', "time=1 é={} user={} "])
def test_places_and_paths_of_what_is_left_alone_are_those_of_what_is_acted_on(shape):
    """The same findings, once acted on and once switched off."""
    text = shape.format(EMAIL, "4111 1111 1111 1111").encode()
    acted, left = (
        [found._replace(action="") for found in _explainer({"enabled": enabled}).explain(text).found]
        for enabled in (True, False)
    )
    assert acted == left
    assert left


def test_time_to_explain_is_linear_in_the_findings():
    explainer = _explainer({"enabled": False})

    def seconds(count):
        text = f"é {EMAIL} ".encode() * count
        gc.collect()
        gc.disable()  # whatever else is in this process would be looked through meanwhile
        try:
            began = time.process_time()
            assert len(explainer.explain(text).found) == count
            return time.process_time() - began
        finally:
            gc.enable()

    seconds(100)
    few, many = (min(seconds(count) for _ in range(3)) for count in (500, 10_000))
    assert many < 40 * few, "20 times as many took more than 40 times as long"


def _explainer(switch):
    labels = dict.fromkeys(("email", "credit_debit_card"), switch)
    policy = load_policy({"version": 1, "name": "own", "extends": "logs", "labels": labels})
    return Explainer(single_policy_engine(policy).scrub, policy, builtin_rules())
