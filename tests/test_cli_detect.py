"""`scrubber detect`, with real standard streams."""

import codecs
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubber.cli import standard
from scrubber.cli.exits import Exit
from tests.command_line import process, run_here

EMAIL = "ann@mail.example"


@pytest.fixture
def detect(capfdbinary):
    def run(*arguments, stdin=b""):
        ran = run_here(capfdbinary, "detect", *arguments, stdin=stdin.encode() if isinstance(stdin, str) else stdin)
        return ran.code, [json.loads(line) for line in ran.out.splitlines()]

    return run


def email(start):
    return {"start": start, "end": start + len(EMAIL), "label": "email", "score": 0.98, "detector": "rules"}


def test_spans_are_code_points_of_the_text(detect):
    text = "😀 é " + EMAIL
    question = json.dumps({"id": "a", "text": text})
    assert detect(stdin=question) == (Exit.OK, [{"id": "a", "spans": [email(4)]}])
    assert text[4 : 4 + len(EMAIL)] == EMAIL


def test_no_model_is_named_as_in_the_configuration(detect):
    text = f"Ann Lee <{EMAIL}>"
    assert detect("--model", "none", stdin=text) == detect("--rules-only", stdin=text)


def test_an_id_is_any_json_and_comes_back_byte_for_byte(capfdbinary):
    ids = [b'{"a": 1.50}', b"1e3", b'"x\\u0041"', b"null", b"12345678901234567890"]
    stdin = b"".join(b'{"text":"","id":%s}\n' % each for each in ids)
    ran = run_here(capfdbinary, "detect", stdin=stdin)
    assert ran.out == b"".join(b'{"id":%s,"spans":[]}\n' % each for each in ids)


def test_lines_are_texts_and_their_numbers_are_ids(detect):
    assert detect(stdin=f"nothing\n\nto {EMAIL}\r\nlast {EMAIL}") == (
        Exit.OK,
        [
            {"id": 0, "spans": []},
            {"id": 1, "spans": []},
            {"id": 2, "spans": [email(3)]},
            {"id": 3, "spans": [email(5)]},
        ],
    )


def test_answers_keep_the_order_of_the_questions_over_many_batches(detect):
    questions = [json.dumps({"id": number, "text": f"{'x' * (number % 7)} {EMAIL}"}) for number in range(5000)]
    _, answers = detect(stdin="\n".join(questions))
    assert answers == [{"id": number, "spans": [email(number % 7 + 1)]} for number in range(5000)]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.text('ab é😀\t"\\{', max_size=20), st.booleans()), min_size=1, max_size=20))
def test_what_is_planted_is_found_wherever_it_is(detect, texts):
    planted = [before + (f" {EMAIL} b" if has else "") for before, has in texts]
    code, answers = detect(stdin="\n".join(json.dumps({"text": text}) for text in planted))
    assert code == Exit.OK
    for text, (before, has), answer in zip(planted, texts, answers, strict=True):
        found = [text[span["start"] : span["end"]] for span in answer["spans"] if span["label"] == "email"]
        assert found == ([EMAIL] if has else []), before


def test_what_cannot_be_read_has_an_error_and_never_an_empty_list_of_spans(detect):
    stdin = b'{"id":1,"text":"a"}\n{"id":2,"txt":"a"}\n\nnot json\n{"id":3,"text":7}\n{"id":4,"text":"\\ud800"}\n\xff\n'
    code, answers = detect(stdin=stdin)
    assert code == Exit.FAILED
    assert answers[0] == {"id": 1, "spans": []}
    assert answers[1:] == [{"id": number, "error": "not_understood"} for number in range(1, 7)]


def test_json_that_is_nested_too_deep_to_be_read_has_an_error(detect):
    deep = b'{"a":' * 5000 + b'"ann@mail.example"' + b"}" * 5000
    assert detect(stdin=deep) == (Exit.FAILED, [{"id": 0, "error": "too_deep"}])
    stdin = b'{"text":"a"}\n' + deep + b'\n{"text":"b"}'
    answers = [{"id": 0, "spans": []}, {"id": 1, "error": "not_understood"}, {"id": 2, "spans": []}]
    assert detect(stdin=stdin) == (Exit.FAILED, answers)


def test_a_mark_of_the_byte_order_before_the_first_question_is_no_part_of_it(detect):
    stdin = codecs.BOM_UTF8 + json.dumps({"id": "a", "text": EMAIL}).encode()
    assert detect(stdin=stdin) == (Exit.OK, [{"id": "a", "spans": [email(0)]}])


def test_plain_lines_that_cannot_be_read_have_an_error_too(detect, monkeypatch):
    monkeypatch.setattr(standard, "MAX_LINE_BYTES", 50)
    code, answers = detect(stdin=b"a\n\xff\n" + b"x" * 51 + b"\nb")
    assert code == Exit.FAILED
    assert answers == [
        {"id": 0, "spans": []},
        {"id": 1, "error": "undecodable"},
        {"id": 2, "error": "too_long"},
        {"id": 3, "spans": []},
    ]


def test_the_form_can_be_told(detect):
    line = json.dumps({"text": EMAIL})
    assert detect("--format", "lines", stdin=line)[1] == [{"id": 0, "spans": [email(line.index(EMAIL))]}]
    assert detect("--format", "jsonl", stdin="plain")[1] == [{"id": 0, "error": "not_understood"}]


def test_the_policy_decides_what_counts(detect, tmp_path):
    policy = tmp_path / "own.yaml"
    policy.write_text(
        "version: 1\nname: own\nextends: logs\nlabels: {email: {enabled: false}, ipv4: {action: drop_record}}\n"
        "deny: {values: {nightjar: denied}}\n"
    )
    code, answers = detect("--policy", policy, stdin=f"{EMAIL} Nightjar\n192.0.2.7\n")
    assert [span["label"] for span in answers[0]["spans"]] == ["denied"]
    assert answers[1] == {"id": 1, "error": "policy_drop"}
    assert code == Exit.FAILED


def test_what_a_policy_keeps_is_found_all_the_same(detect, tmp_path):
    policy = tmp_path / "own.yaml"
    policy.write_text("version: 1\nname: own\nextends: logs\nlabels: {email: {action: keep}}\n")
    assert detect("--policy", policy, stdin=EMAIL) == (Exit.OK, [{"id": 0, "spans": [email(0)]}])


def test_rules_of_the_users_own_are_asked(detect, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n- {id: ticket, label: ticket, pattern: '\\bTCK-\\d{5}\\b', score: 0.7, examples: ['«TCK-12345»']}\n"
    )
    _, answers = detect("--rules", rules, "--rules-only", stdin="on TCK-54321")
    assert answers[0]["spans"] == [{"start": 3, "end": 12, "label": "ticket", "score": 0.7, "detector": "rules"}]


def test_a_reader_that_leaves_is_no_error():
    with process("detect") as detecting:
        detecting.stdout.close()
        _, told = detecting.communicate(f"{EMAIL}\n".encode() * 50_000, timeout=60)
        assert (detecting.returncode, told) == (Exit.OK, b"")
