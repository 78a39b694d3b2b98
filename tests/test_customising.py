"""The walk-through in docs/CUSTOMISING.md: its files are written, its commands are run, its outputs are compared."""

import logging
import re
import runpy
import shlex
from pathlib import Path

import pytest

from scrubber.cli import main
from tests.command_line import standard_input

DOCUMENT = (Path(__file__).parents[1] / "docs" / "CUSTOMISING.md").read_text()
FILES = dict(re.findall(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL))
CONSOLES = re.findall(r"^```console\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
STEPS = [
    (command, output)
    for console in CONSOLES
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    yield tmp_path
    logging.basicConfig(handlers=[], force=True)  # the example sets up logging


def test_the_walk_through_has_files_and_steps():
    assert set(FILES) >= {"acme.yaml", "acme-rules.yaml", "scrubber.yaml", "example.py"}
    assert len(STEPS) == DOCUMENT.count("\n$ ") > 5


@pytest.mark.parametrize(("command", "output"), STEPS, ids=[command for command, _ in STEPS])
@pytest.mark.usefixtures("folder")
def test_each_step_of_the_walk_through_says_what_it_said(command, output, capfd):
    run(command)
    captured = capfd.readouterr()
    shown = "".join(f"{line.rstrip()}\n" for line in (captured.out + captured.err).splitlines())
    pattern = re.escape(output).replace(re.escape("...\n"), "(?:.*\n)*?")
    assert re.fullmatch(pattern, shown), shown


def run(command):
    """Run what a shell would: `[echo TEXT |] scrubber ARGUMENTS`, or `python FILE`."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words, text = list(lexer), b""
    if words[0] == "echo":
        assert words[2] == "|"
        text, words = words[1].encode() + b"\n", words[3:]
    if words[0] == "python":
        runpy.run_path(words[1])
        return
    assert words[0] == "scrubber"
    with standard_input(text):
        main(words[1:])
