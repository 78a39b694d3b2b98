"""Who may ask the console what."""

import logging

import pytest

from scrubber.cli.console import playground
from scrubber.cli.console.guard import HEADERS
from tests.console.conftest import TOKEN

SECRET = "ann@mail.example"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8600", "[::1]:8600", "[::1]", "127.0.0.1:8600"])
def test_without_a_token_this_machine_is_answered_by_its_own_names(client, host):
    assert client.get("/api/setup", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8600", "127.0.0.1.rebound.example", "", "[::1"])
def test_a_name_that_somebody_else_gave_this_machine_is_refused(client, host):
    for path in ("/", "/api/setup", "/static/main.js"):
        assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
    ],
)
def test_a_wrong_token_is_refused_everywhere_under_api(client_of, given):
    client = client_of(token=TOKEN, base_url="https://console.example")
    headers = {} if given is None else {"Authorization": given}
    for path in ("/api/setup", "/api/live", "/api/nothing"):
        assert client.get(path, headers=headers).status_code == 401
    refused = client.post("/api/examine", json={"text": SECRET}, headers=headers)
    assert refused.status_code == 401
    assert SECRET not in refused.text
    assert TOKEN not in refused.text


def test_the_right_token_is_answered_under_any_name(client_of):
    client = client_of(token=TOKEN, base_url="https://console.example")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/api/setup", headers=headers).status_code == 200
    assert client.post("/api/examine", json={"text": SECRET}, headers=headers).status_code == 200


def test_what_the_page_is_made_of_needs_no_token_and_holds_none(client_of):
    client = client_of(token=TOKEN)
    for path in ("/", "/static/main.js", "/static/style.css", "/static/icon.svg"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert TOKEN not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_from_elsewhere_cannot_ask(client, site):
    assert client.get("/api/setup", headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_can_send_is_no_question(client, kind):
    """A form needs nobody's permission to post across sites, JSON does."""
    answer = client.post("/api/examine", content=b'{"text":"x"}', headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/setup", "/api/nothing", "/static/../app.py"])
def test_every_answer_forbids_inline_scripts_foreign_hosts_and_frames(client, path):
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"text": 1}',
        b'{"text": "ann@mail.example", "more": 1}',
        b'{"text": "\\ud800 ann@mail.example"}',
        b'{"text": "\xff ann@mail.example"}',
        b'{"text": "ann@mail.example", "draft": {"threshold": 7}}',
        b'{"text": "ann@mail.example", "draft": {"labels": {"email": {"enabled": "ann@mail.example"}}}}',
    ],
)
def test_what_is_no_question_is_refused_without_a_word_of_it(client, body):
    answer = client.post("/api/examine", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert SECRET not in answer.text


def test_a_text_that_is_too_long_is_refused(client):
    assert client.post("/api/examine", json={"text": "x" * (playground.MAX_TEXT + 1)}).status_code == 400
    assert client.post("/api/examine", json={"text": "x" * (2 << 20)}).status_code == 413


def test_typed_text_is_in_no_log_and_no_answer_when_the_engine_breaks(client, monkeypatch, caplog, capfd):
    def broken(*_):
        raise RuntimeError(f"cannot make sense of {SECRET}")

    monkeypatch.setattr(playground.Playground, "_ask", broken)
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/api/examine", json={"text": SECRET})
    assert answer.status_code == 500
    captured = capfd.readouterr()
    assert "RuntimeError" in captured.out + captured.err
    assert SECRET not in answer.text + caplog.text + captured.out + captured.err
