"""`scrubber pipe`, with real standard streams."""

import base64
import importlib.resources
import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubber.cli import pipe as pipe_command
from scrubber.cli import standard
from scrubber.cli.exits import Exit
from scrubber.core.keys import KeyRing
from scrubber.core.quarantine import read_envelope, unseal
from scrubber.core.redact import redact
from scrubber.errors import DetectorFailed
from tests.command_line import process, run_here

EMAIL = "ann@mail.example"
KEY = bytes(range(32))
OWN_RULES = """
rules:
- id: badge
  label: employee_id
  pattern: '\\bB-\\d{6}\\b'
  examples: ['badge «B-123456»']
"""


@pytest.fixture
def pipe(capfdbinary):
    def run(*arguments, stdin=b""):
        return run_here(capfdbinary, "pipe", *arguments, stdin=stdin)

    return run


@pytest.fixture
def own_rules(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(OWN_RULES)
    return file


def test_every_line_comes_out_clean_and_in_order(pipe):
    lines = [f"{number} {EMAIL} from 192.0.2.{number % 250}".encode() for number in range(3000)]
    ran = pipe(stdin=b"\n".join(lines) + b"\n")
    assert ran.out.splitlines() == [b"%d <EMAIL> from <IPV4>" % number for number in range(3000)]
    assert (ran.code, ran.err) == (Exit.OK, "")


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        (b"", b""),
        (b"\n\n\n", b"\n\n\n"),
        (b"no line feed at the end ann@mail.example", b"no line feed at the end <EMAIL>"),
        (b"dos ann@mail.example\r\nnext\r\n", b"dos <EMAIL>\r\nnext\r\n"),
        ("😀 é ann@mail.example 😀\n".encode(), "😀 é <EMAIL> 😀\n".encode()),
        (b"nul \0 ann@mail.example\n", b"nul \0 <EMAIL>\n"),
        (b'{"a": 1.0, "mail":"ann@mail.example" }\n', b'{"a": 1.0, "mail":"<EMAIL>" }\n'),
    ],
)
def test_what_is_not_found_stays_byte_for_byte(pipe, line, clean):
    assert pipe(stdin=line) == (Exit.OK, clean, "")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("ab 7é😀\r\t;,", max_size=30), max_size=20), st.booleans())
def test_harmless_input_comes_out_as_it_went_in(pipe, lines, ended):
    stream = "\n".join(lines).encode() + b"\n" * ended
    assert pipe(stdin=stream) == (Exit.OK, stream, "")


def test_a_line_of_5_mb_is_scrubbed_whole(pipe):
    line = b"x" * 2_500_000 + b" ann@mail.example " + b"y" * 2_500_000
    assert pipe(stdin=line).out == line.replace(EMAIL.encode(), b"<EMAIL>")


def test_a_line_over_the_limit_is_left_out_and_told(pipe, monkeypatch, tmp_path):
    monkeypatch.setattr(standard, "MAX_LINE_BYTES", 1000)
    stream = b"before\n" + b"ann@mail.example " * 100 + b"\nafter\n"
    assert pipe(stdin=stream) == (Exit.FAILED, b"before\nafter\n", "scrubber: lines left out: 1 too_long\n")
    quarantine = tmp_path / "quarantine.jsonl"
    assert pipe("--quarantine", quarantine, stdin=stream) == (Exit.OK, b"before\nafter\n", "")
    envelope = read_envelope(quarantine.read_bytes())
    assert (envelope.reason, envelope.source.offset, envelope.payload) == ("too_long", 1, "omitted:too_large")


def test_what_is_not_utf_8_is_left_out_and_counted(pipe):
    ran = pipe(stdin=b"one\n\xff ann@mail.example\n\xfe\ntwo\n")
    assert ran == (Exit.FAILED, b"one\ntwo\n", "scrubber: lines left out: 2 undecodable\n")


def test_the_quarantine_file_holds_what_was_left_out_for_the_key_holder_only(pipe, tmp_path):
    key, quarantine = tmp_path / "k1.key", tmp_path / "quarantine.jsonl"
    key.write_bytes(base64.b64encode(KEY))
    raw = b"\xff ann@mail.example"
    ran = pipe("--quarantine", quarantine, "--quarantine-key", f"k1={key}", stdin=b"one\n" + raw + b"\ntwo\n")
    assert ran == (Exit.OK, b"one\ntwo\n", "")
    assert EMAIL.encode() not in quarantine.read_bytes()
    record = unseal(read_envelope(quarantine.read_bytes()), KeyRing({"k1": KEY}))
    assert (record.topic, record.offset, record.value) == ("stdin", 1, raw)


def test_a_line_that_the_policy_drops_is_nowhere(pipe, tmp_path):
    policy, quarantine = tmp_path / "policy.yaml", tmp_path / "quarantine.jsonl"
    policy.write_text("version: 1\nname: own\nextends: logs\nlabels: {email: {action: drop_record}}\n")
    ran = pipe("--policy", policy, "--quarantine", quarantine, stdin=f"a\nto {EMAIL}\nb\n".encode())
    assert ran == (Exit.OK, b"a\nb\n", "")
    assert read_envelope(quarantine.read_bytes()).payload == "omitted:policy"


def test_audit_events_fit_their_schema_and_hold_no_value(pipe, tmp_path):
    audit = tmp_path / "audit.jsonl"
    stream = f'harmless\nto {EMAIL}\n{{"mail":"{EMAIL}","password":"hunter22"}}\n'.encode()
    assert pipe("--audit", audit, stdin=stream).code == Exit.OK
    schema = json.loads(importlib.resources.files("scrubber.core").joinpath("audit.schema.json").read_bytes())
    events = [json.loads(line) for line in audit.read_bytes().splitlines()]
    for event in events:
        jsonschema.validate(event, schema)
    assert [event["source"]["offset"] for event in events] == [1, 2]
    assert [each["path"] for each in events[1]["redactions"]] == ["mail", "password"]
    assert EMAIL.encode() not in audit.read_bytes()
    assert b"hunter22" not in audit.read_bytes()


def test_no_line_leaves_before_its_event(pipe, monkeypatch, tmp_path):
    written = []
    monkeypatch.setattr(standard.Output, "write", lambda output, lines: written.append((output._name, b"".join(lines))))
    audit, quarantine = tmp_path / "audit", tmp_path / "quarantine"
    pipe("--audit", audit, "--quarantine", quarantine, stdin=f"{EMAIL}\n\xff\n".encode("latin-1") * 2000)
    (first, events), (second, _), (third, clean), *_ = written
    assert [first, second, third] == [str(audit), str(quarantine), "standard output"]
    assert events.count(b"\n") == clean.count(b"\n") > 0


def test_a_preset_and_a_file_are_policies(pipe, tmp_path):
    policy = tmp_path / "own.yaml"
    policy.write_text("version: 1\nname: own\nextends: logs\nallow: {values: [ann@mail.example]}\n")
    assert pipe("--policy", "pci", stdin=b"4111 1111 1111 1111").out == b"4111 11** **** 1111"
    assert pipe("--policy", policy, stdin=b"ann@mail.example bob@mail.example").out == b"ann@mail.example <EMAIL>"


def test_rules_of_the_users_own_come_beside_the_built_in_ones(pipe, own_rules):
    assert pipe("--rules", own_rules, stdin=b"badge B-654321 ann@mail.example").out == b"badge <EMPLOYEE_ID> <EMAIL>"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--policy", "nosuch"], "no preset is called 'nosuch'"),
        (["--policy", "./nosuch.yaml"], "no such file"),
        (["--rules", "nosuch.yaml"], "No such file"),
        (["--key", "k1=nosuch"], "No such file"),
        (["--model", "nosuch-folder", "--rules-only"], "exclude each other"),
        (["--audit", "no/such/folder"], "No such file"),
        (["--quarantine-key", "nosuch"], "--quarantine-key: needs an id and a file (--quarantine-key k1=FILE)"),
        (["--quarantine-key", "k1=nosuch"], "--quarantine-key k1: cannot be read"),
        (["--audit", "same", "--quarantine", "./same"], "--quarantine: same is the file of --audit already"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_read(pipe, arguments, words):
    ran = pipe(*arguments, stdin=b"ann@mail.example\n")
    assert (ran.code, ran.out) == (Exit.CONFIG, b"")
    assert words in ran.err


def test_a_wrong_policy_leaves_the_audit_file_of_before(pipe, tmp_path):
    audit = tmp_path / "audit.jsonl"
    audit.write_bytes(b"of before\n")
    assert pipe("--policy", "nosuch", "--audit", audit).code == Exit.CONFIG
    assert audit.read_bytes() == b"of before\n"


@pytest.mark.parametrize("option", ["--audit", "--quarantine"])
def test_what_it_reads_and_writes_is_not_written_over(option, tmp_path):
    log, clean = tmp_path / "app.log", tmp_path / "clean.log"
    log.write_bytes(b"ann@mail.example\n")
    with log.open("rb") as source, clean.open("wb") as target:
        for file, name in ((log, "input"), (clean, "output")):
            with process("pipe", option, file, stdin=source, stdout=target) as piped:
                assert piped.wait(60) == Exit.CONFIG
                assert f"{option}: {file} is standard {name} already" in piped.stderr.read().decode()
    assert log.read_bytes() == b"ann@mail.example\n"


def test_a_device_may_take_everything(pipe):
    ran = pipe("--audit", "/dev/null", "--quarantine", "/dev/null", stdin=b"ann@mail.example\n")
    assert (ran.code, ran.out) == (Exit.OK, b"<EMAIL>\n")


def test_two_rules_of_one_name_are_told(pipe, own_rules, tmp_path):
    again = tmp_path / "again.yaml"
    again.write_text(OWN_RULES + OWN_RULES.replace("rules:", "").replace("badge\n", "email\n"))
    ran = pipe("--rules", own_rules, "--rules", again)
    assert ran.code == Exit.CONFIG
    assert "again.yaml.badge: this id is taken (by rules.yaml)" in ran.err
    assert "again.yaml.email: this id is taken (by the built-in rules)" in ran.err


def test_a_detector_that_fails_lets_nothing_out(pipe, monkeypatch):
    def fail(*_):
        raise DetectorFailed("the device is gone")

    monkeypatch.setattr("scrubber.detect.rules.tier.RuleTier.scan", fail)
    ran = pipe(stdin=b"ann@mail.example\n")
    assert (ran.code, ran.out, ran.err) == (Exit.FAILED, b"", "scrubber: the device is gone\n")


def test_a_full_disk_is_told(pipe, tmp_path):
    ran = pipe("--audit", "/dev/full", stdin=b"ann@mail.example\n")
    assert ran == (Exit.FAILED, b"", "scrubber: /dev/full cannot be written: No space left on device\n")


def test_a_line_comes_out_at_once_not_at_the_end():
    with process("pipe") as piped:
        for number in range(3):
            piped.stdin.write(b"%d ann@mail.example\n" % number)
            piped.stdin.flush()
            assert select.select([piped.stdout], [], [], 60)[0], "no line, though the input waits for one"
            assert os.read(piped.stdout.fileno(), 100) == b"%d <EMAIL>\n" % number
        piped.stdin.close()
        assert piped.wait(60) == Exit.OK


def test_a_reader_that_leaves_is_no_error():
    with process("pipe") as piped:
        piped.stdin.write(b"ann@mail.example\n")
        piped.stdin.flush()
        assert piped.stdout.readline() == b"<EMAIL>\n"
        piped.stdout.close()
        _, told = piped.communicate(b"ann@mail.example\n" * 100_000, timeout=60)
        assert (piped.returncode, told) == (Exit.OK, b"")


def test_ctrl_c_ends_it_without_a_traceback():
    with process("pipe") as piped:
        piped.stdin.write(b"ann@mail.example\n")
        piped.stdin.flush()
        assert piped.stdout.readline() == b"<EMAIL>\n"
        piped.send_signal(signal.SIGINT)
        assert piped.wait(60) == Exit.INTERRUPTED
        assert piped.stderr.read().strip() == b""


INTERRUPTED_IN_AN_IMPORT = """
import os, signal, sys, weakref
from scrubber.cli import main

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "scrubber.cli.choices":
            short_lived = Interrupts()
            forgotten = weakref.ref(short_lived, lambda _: os.kill(os.getpid(), signal.SIGINT))
            del short_lived

sys.meta_path.insert(0, Interrupts())
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["scrubber", "pipe", "--rules-only"]
sys.exit(main())
"""


def test_ctrl_c_while_it_starts_is_heard_even_where_python_ignores_exceptions():
    """As in the callback of a weak reference, of which every import has one: once in 60 tries it was lost there."""
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_AN_IMPORT],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (Exit.INTERRUPTED, b"", b"")


def test_ctrl_c_is_python_s_again_as_soon_as_lines_are_read(pipe, monkeypatch):
    handlers = []
    monkeypatch.setattr(
        pipe_command, "batches_of_lines", lambda _: handlers.append(signal.getsignal(signal.SIGINT)) or ()
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert pipe().code == Exit.OK
        assert pipe("--policy", "nowhere").code == Exit.CONFIG
        handlers.append(signal.getsignal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)
    assert handlers == [signal.default_int_handler] * 2


def on_a_terminal(*arguments, stdin, stdout):
    """Return what the command shows on a terminal, which is its standard error."""
    master, terminal = pty.openpty()
    with process(*arguments, stdin=stdin, stdout=terminal if stdout is None else stdout, stderr=terminal) as shown:
        os.close(terminal)
        output = bytearray()
        while True:
            try:
                block = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            output += block
        shown.wait(60)
    os.close(master)
    return bytes(output)


def test_progress_is_shown_on_a_terminal_unless_the_lines_go_there(tmp_path):
    file = tmp_path / "app.log"
    file.write_bytes(b"to ann@mail.example\n" * 2_000)
    with file.open("rb") as stdin, (tmp_path / "clean.log").open("wb") as clean:
        shown = on_a_terminal("pipe", stdin=stdin, stdout=clean)
    assert b"scrubbing" in shown
    assert b"40.0/40.0 kB" in shown
    assert (tmp_path / "clean.log").read_bytes() == b"to <EMAIL>\n" * 2_000
    file.write_bytes(b"to ann@mail.example\n")
    with file.open("rb") as stdin:
        assert on_a_terminal("pipe", stdin=stdin, stdout=None) == b"to <EMAIL>\r\n"


def grown_by(megabytes):
    """Return how many MB the command grew by from the fifth MB of its input to the last."""
    harmless = b"2026-03-01 10:00:00 INFO worker-3 " + b"step done in 17 ms, " * 8 + b"nothing to tell\n"
    block = (harmless * 19 + b"receipt sent to ann@mail.example\n") * 250
    with process("pipe", stdout=subprocess.DEVNULL) as piped:
        sizes, written = [], 0
        while written < megabytes * 1_000_000:
            written += piped.stdin.write(block)
            sizes.append((written, resident_mb(piped.pid)))
        piped.stdin.close()
        assert piped.wait(7200) == Exit.OK
    return sizes[-1][1] - next(size for written, size in sizes if written > 5_000_000)


def resident_mb(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def test_memory_does_not_grow_with_the_input():
    assert grown_by(megabytes=24) < 50


@pytest.mark.soak
def test_memory_does_not_grow_with_a_gigabyte():
    assert grown_by(megabytes=1000) < 50


def test_a_line_on_which_our_own_code_stumbles_is_left_out_alone(pipe, monkeypatch):
    def stumble(text, *arguments, **options):
        if b"poison" in text:
            raise ValueError(text)
        return redact(text, *arguments, **options)

    monkeypatch.setattr("scrubber.detect.texts.redact", stumble)
    ran = pipe(stdin=f"one {EMAIL}\npoison {EMAIL}\ntwo {EMAIL}\n".encode())
    assert (ran.code, ran.out) == (Exit.FAILED, b"one <EMAIL>\ntwo <EMAIL>\n")
    assert ran.err.startswith("scrubber: ValueError: This is a bug.")
    assert "stumble\n" in ran.err
    assert ran.err.endswith("scrubber: lines left out: 1 internal_error\n")
    assert "poison" not in ran.err
