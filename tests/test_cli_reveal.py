"""`scrubber reveal`, from the command line in."""

import base64
import io
import json
import os
import pwd
import sys

import pytest

from scrubber.cli import main, reveal
from scrubber.cli.exits import Exit
from scrubber.core.actions import Encrypt, Numbering
from scrubber.core.keys import KeyRing

KEYS = {"k1": bytes(range(32)), "k2": bytes(range(1, 33))}
EMAIL, QUOTED = "ann@mail.example", 'say "hi"\\'


def token(value, label="email", key_id="k1"):
    return Encrypt(KeyRing(KEYS, active=key_id)).render(value, label, Numbering())


@pytest.fixture
def key_file(tmp_path):
    def write(key_id):
        file = tmp_path / f"{key_id}.key"
        file.write_bytes(base64.b64encode(KEYS[key_id]) + b"\n")
        return f"{key_id}={file}"

    return write


@pytest.fixture
def log(tmp_path):
    def write(*lines):
        file = tmp_path / "app.log"
        file.write_bytes(b"".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return str(file)

    return write


def test_the_key_holder_gets_the_bytes_back_and_everything_else_stays(key_file, log, capfdbinary):
    file = log(
        f"{token(EMAIL)} signed in\r\n", b"\xff\x00 <EMAIL> <EMAIL_1>\n", f"{token('Ann', 'first_name', 'k2')}, again"
    )
    assert main(["reveal", "--key", key_file("k1"), "--key", key_file("k2"), file]) == Exit.OK
    assert capfdbinary.readouterr().out == b"ann@mail.example signed in\r\n\xff\x00 <EMAIL> <EMAIL_1>\nAnn, again"


def test_standard_input_is_read_where_no_file_is_named(key_file, monkeypatch, capfdbinary):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{token(EMAIL)}\n".encode())))
    assert main(["reveal", "--key", key_file("k1")]) == Exit.OK
    assert capfdbinary.readouterr().out == b"ann@mail.example\n"


def test_json_stays_json(key_file, log, capfdbinary):
    file = log(json.dumps({"note": token(QUOTED)}))
    assert main(["reveal", "--json", "--key", key_file("k1"), file]) == Exit.OK
    assert json.loads(capfdbinary.readouterr().out) == {"note": QUOTED}


def test_the_audit_line_says_who_and_how_many_and_never_what(key_file, log, tmp_path, capfdbinary):
    file, audit = log(f"{token(EMAIL)} {token('bob@mail.example')} {token('Ann', 'first_name')}\n"), tmp_path / "audit"
    for _ in range(2):
        assert main(["reveal", "--key", key_file("k1"), "--audit", str(audit), file]) == Exit.OK
    first, _second = audit.read_bytes().splitlines()
    event = json.loads(first)
    assert event.pop("at")
    assert event == {
        "schema_version": 1,
        "event": "reveal",
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "revealed": [
            {"label": "email", "key_id": "k1", "count": 2},
            {"label": "first_name", "key_id": "k1", "count": 1},
        ],
        "refused": [],
    }
    assert b"Ann" not in audit.read_bytes()
    assert capfdbinary.readouterr().err == b""


def test_without_a_file_for_it_the_audit_line_goes_to_standard_error(key_file, log, capfdbinary):
    main(["reveal", "--key", key_file("k1"), log(token(EMAIL))])
    assert json.loads(capfdbinary.readouterr().err)["event"] == "reveal"


def test_what_cannot_be_audited_is_not_revealed(key_file, log, tmp_path, capfdbinary):
    audit = tmp_path / "missing" / "audit"
    assert main(["reveal", "--key", key_file("k1"), "--audit", str(audit), log(token(EMAIL))]) == Exit.CONFIG
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"audit" in err


def test_what_the_audit_has_no_room_for_is_not_revealed(key_file, log, capfdbinary):
    assert main(["reveal", "--key", key_file("k1"), "--audit", "/dev/full", log(token(EMAIL))]) == Exit.FAILED
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"cannot be written" in err


def test_long_input_is_audited_piece_by_piece_before_each_of_them(key_file, log, tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setattr(reveal, "BLOCK_BYTES", 100)
    file, audit = log(*[f"{number} {token(EMAIL)}\n" for number in range(20)], "last"), tmp_path / "audit"
    assert main(["reveal", "--key", key_file("k1"), "--audit", str(audit), file]) == Exit.OK
    assert capfdbinary.readouterr().out == b"".join(b"%d ann@mail.example\n" % number for number in range(20)) + b"last"
    counts = [part["count"] for line in audit.read_bytes().splitlines() for part in json.loads(line)["revealed"]]
    assert sum(counts) == 20
    assert len(counts) > 5


def test_a_token_of_another_key_stays_is_counted_and_fails_the_command(key_file, log, capfdbinary):
    text = token(EMAIL, key_id="k2")
    assert main(["reveal", "--key", key_file("k1"), log(text)]) == Exit.FAILED
    out, err = capfdbinary.readouterr()
    assert out.decode() == text
    assert json.loads(err)["refused"] == [{"label": "email", "key_id": "k2", "count": 1}]


def test_no_key_is_a_mistake_of_usage(log, capfd):
    assert main(["reveal", log("text")]) == Exit.CONFIG
    assert "no key" in capfd.readouterr().err


def test_two_keys_of_one_id_are_refused(key_file, log, capfd):
    assert main(["reveal", "--key", key_file("k1"), "--key", key_file("k1"), log("text")]) == Exit.CONFIG
    assert "--key k1: stands twice" in capfd.readouterr().err


def test_everything_wrong_with_keys_is_said_at_once_without_what_they_hold(tmp_path, capfd):
    short = tmp_path / "short.key"
    short.write_text("c2hvcnQ=")
    words = tmp_path / "words.key"
    words.write_text("sesame open")
    arguments = ["reveal", "--key", "k1", "--key", f"k2={tmp_path / 'missing'}", "--key", f"k3={words}"]
    assert main(arguments) == Exit.CONFIG
    err = capfd.readouterr().err
    assert [line.split(":")[0].strip() for line in err.splitlines()[1:]] == ["--key", "--key k2", "--key k3"]
    assert "sesame" not in err
    assert main(["reveal", "--key", f"k1={short}"]) == Exit.CONFIG
    assert "5 bytes are too few" in capfd.readouterr().err
