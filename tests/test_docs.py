"""The documents name tests, files and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrubber.cli import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", ["FAULTS.md", "SECURITY.md"])
def test_every_test_that_a_table_names_is_there(document):
    text = (ROOT / "docs" / document).read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", text)
    assert len(named) > 15
    for file, name in named:
        assert (ROOT / file).exists(), file
        assert not name or re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{name}"


def test_links_between_documents_lead_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_command_is_in_the_readme_or_in_a_document():
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    assert [name for name in COMMANDS if f"scrubber {name}" not in text] == []


def test_the_readme_opens_with_the_two_commands():
    head = (ROOT / "README.md").read_text().partition("\n## ")[0]
    assert "make demo" in head
    assert "make test" in head
