"""The command line: what `check` says, how errors look, and what a process ends with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import click
import pytest
import yaml
from confluent_kafka.admin import AdminClient, NewTopic

from scrubber.cli import COMMANDS, LazyGroup, main
from scrubber.cli.exits import Exit
from scrubber.config import json_schema
from scrubber.errors import FatalStreamError
from scrubber.stream.watchdog import EXIT_CODE
from tests.command_line import PROGRAM, process

SECRET = "sesame-open-7"
MINIMAL = {
    "kafka": {"bootstrap_servers": "127.0.0.1:1", "group_id": "logs"},
    "routes": [{"name": "apps", "topics": ["app"]}],
}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("os.environ", {})

    def write(content):
        path = tmp_path / "scrubber.yaml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return str(path)

    return write


def test_check_says_what_the_configuration_means(file, capsys):
    assert main(["check", "--config", file(MINIMAL)]) == Exit.OK
    out = capsys.readouterr().out
    assert "configuration no problems" in out
    assert "exactly_once" in out
    assert "scrubber-logs-" in out
    assert "app -> {topic}.clean, {topic}.audit, {topic}.quarantine (policy logs)" in out


def test_secrets_are_stars(file, capsys, monkeypatch):
    monkeypatch.setattr("os.environ", {"SCRUBBER_SASL_PASSWORD": SECRET})
    sasl = {"mechanism": "PLAIN", "username": "robin"}
    config = MINIMAL | {"kafka": MINIMAL["kafka"] | {"security": {"protocol": "SASL_SSL", "sasl": sasl}}}
    assert main(["check", "--config", file(config)]) == Exit.OK
    out, err = capsys.readouterr()
    assert "sasl.password ***" in out
    assert "sasl.username robin" in out
    assert SECRET not in out + err


def test_a_wrong_configuration_is_a_list_on_stderr_and_exit_2(file, capsys):
    assert main(["check", "--config", file({"kafka": {"groupid": "x"}, "delivery": "x"})]) == Exit.CONFIG
    out, err = capsys.readouterr()
    assert out == ""
    first, *rest = err.splitlines()
    assert first == "scrubber: 5 problems with the configuration"
    assert "  kafka.groupid: unknown setting (did you mean group_id?)" in rest
    assert len(rest) == 5


def test_check_says_that_a_model_is_not_here_though_it_may_be_where_the_worker_runs(file, capsys):
    assert (
        main(["check", "--config", file({**MINIMAL, "model": {"kind": "gliner", "path": "/models/ours"}})]) == Exit.OK
    )
    assert "model         gliner /models/ours\n              not here: there is no folder /models/ours\n" in (
        capsys.readouterr().out
    )


def test_a_wrong_configuration_is_not_connected_with(file, monkeypatch):
    monkeypatch.setattr("scrubber.stream.admin.verify", lambda *_: pytest.fail("connected"))
    assert main(["check", "--connect", "--config", file({})]) == Exit.CONFIG


def test_a_cluster_that_is_not_there_is_exit_1(file, capsys, monkeypatch):
    monkeypatch.setattr("scrubber.stream.admin.verify.__defaults__", (1.0,))
    assert main(["check", "--connect", "--config", file(MINIMAL)]) == Exit.FAILED
    assert "cluster       1 problem\n  kafka: no broker can be used: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["check", "--connect"], ["quarantine", "show"], ["audit", "stats", "--json"]], ids=" ".join
)
def test_what_the_kafka_client_says_is_not_in_the_answer(arguments, file):
    """Standard output is for whoever reads the answer, perhaps a program."""
    script = (
        "import sys; from scrubber.cli import main; from scrubber.stream import admin, reading;"
        "admin.verify.__defaults__ = (1.0,); reading.REQUEST_SECS = 0.5; sys.exit(main())"
    )
    command = [sys.executable, "-c", script, *arguments, "--config", file(MINIMAL)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == Exit.FAILED
    assert "librdkafka" not in done.stdout
    assert "no broker can be used" in done.stdout or done.stderr.startswith("scrubber: the cluster did not ")


@pytest.mark.kafka
def test_check_connect_lists_what_does_not_fit_and_then_is_content(kafka, file, capsys):
    topic = f"t{uuid.uuid4().hex[:8]}"
    config = {"kafka": {"bootstrap_servers": kafka.bootstrap, "group_id": topic}, "routes": [{"topics": [topic]}]}
    assert main(["check", "--connect", "--config", file(config)]) == Exit.FAILED
    out = capsys.readouterr().out
    assert "4 problems" in out
    assert f"  routes[0]: topic {topic} does not exist" in out
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(topic, 2)])[topic].result(30)
    assert main(["check", "--connect", "--config", file({**config, "create_topics": True})]) == Exit.OK
    assert "topics        output topics that are missing are created by scrubber run" in capsys.readouterr().out
    names = [*(f"{topic}.{kind}" for kind in ("clean", "audit", "quarantine"))]
    for future in admin.create_topics([NewTopic(name, 2) for name in names]).values():
        future.result(30)
    assert main(["check", "--connect", "--config", file(config)]) == Exit.OK
    assert "no problems" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["check"], ["chek"], ["check", "--conf", "x"], ["config", "skema"]])
def test_a_wrong_command_line_is_exit_2_on_stderr(arguments, capsys):
    assert main(arguments) == Exit.CONFIG
    assert capsys.readouterr().err


def test_schema_is_printed_as_json(capsys):
    assert main(["config", "schema"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_the_reference_in_the_docs_is_up_to_date(capsys):
    """After a change: `scrubber config reference > docs/configuration.md`."""
    assert main(["config", "reference"]) == Exit.OK
    docs = Path(__file__).parents[1] / "docs/configuration.md"
    assert docs.read_text() == capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded_and_helps(name, capsys):
    assert isinstance(LazyGroup().get_command(click.Context(LazyGroup()), name), click.Command)
    assert main([name, "--help"]) == Exit.OK
    assert "Usage: scrubber " + name in capsys.readouterr().out


def test_help_lists_every_command_and_loads_none():
    script = (
        "import sys; from scrubber.cli import main; main(['--help']);"
        "heavy = ('confluent_kafka', 'pydantic', 'structlog', 'torch', 'scrubber.cli.check');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("[]\n")
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (FatalStreamError("fenced"), Exit.FAILED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (click.Abort(), Exit.INTERRUPTED),
    ],
)
def test_errors_become_words_and_a_code_without_a_traceback(monkeypatch, capsys, raised, code):
    def fail():
        raise raised

    monkeypatch.setattr(LazyGroup, "get_command", lambda *_: click.Command("check", callback=fail))
    assert main(["check"]) == code
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("raised", [ValueError(SECRET), AssertionError(SECRET), KeyError(SECRET)])
def test_a_bug_is_told_by_its_place_and_never_by_a_message_that_may_quote_a_record(monkeypatch, capsys, raised):
    def fail_here():
        raise raised

    monkeypatch.setattr(LazyGroup, "get_command", lambda *_: click.Command("check", callback=fail_here))
    assert main(["check"]) == Exit.FAILED
    err = capsys.readouterr().err
    assert SECRET not in err
    assert type(raised).__name__ in err
    assert " fail_here" in err


def test_ctrl_c_ends_the_process_though_a_thread_waits_for_ever():
    """As the thread that compiles the rules did: an interrupted import had left Python's import lock taken."""
    script = """
import sys, threading, click
from scrubber.cli import LazyGroup, main

def command():
    threading.Thread(target=threading.Event().wait).start()
    print("said before", end="")
    raise KeyboardInterrupt

LazyGroup.get_command = lambda *_: click.Command("check", callback=command)
sys.exit(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "check"], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (Exit.INTERRUPTED, "said before", "")


def test_a_reader_who_has_had_enough_before_the_end_gets_no_traceback(file):
    reader, writer = os.pipe()
    os.close(reader)
    command = [*PROGRAM, "check", "--config", file(MINIMAL)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}  # buffered: written when it ends
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60, env=environment)
    os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.FAILED, b"")


def test_a_reader_who_has_had_enough_gets_no_traceback():
    script = "import sys; from scrubber.cli import main; sys.exit(main())"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", script, "config", "schema"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writer)
    assert done.stderr == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["config", "schema"], ["explain", "--rules-only", "text"], ["check"]], ids=" ".join
)
def test_a_full_disk_is_no_bug(arguments, unbuffered, file):
    config = ["--config", file(MINIMAL)] if arguments == ["check"] else []
    environment = {"PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": os.pathsep.join(sys.path)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments, *config],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
            env=environment,
        )
    assert (done.returncode, done.stderr) == (
        Exit.FAILED,
        "scrubber: the output cannot be written: No space left on device\n",
    )


def test_the_installed_command_ends_with_the_code(file):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from scrubber.cli import main; sys.exit(main())",
            "check",
            "--config",
            "none.yaml",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "none.yaml: no such file" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_worker_that_is_only_starting(number, tmp_path):
    """By a handler of its own: process 1 of a container, as in the image, hears no other SIGTERM."""
    config = tmp_path / "scrubber.yaml"
    config.write_text(yaml.safe_dump({**MINIMAL, "model": "none"}))
    with process("run", "--config", config) as worker:
        assert b"scrub_process_started" in worker.stderr.readline()
        worker.send_signal(number)
        assert worker.wait(30) == Exit.INTERRUPTED


def test_the_watchdogs_code_is_the_documented_one():
    assert EXIT_CODE == Exit.WATCHDOG
