"""The light core stays light: what `pip install scrubber` brings, without extras."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import scrubber
from tests.bench.environments import UV

CORE_MEGABYTES = 300
PACKAGE = Path(scrubber.__file__).parent


def core_distributions() -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    waiting = ["scrubber"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = distribution(name)
        requirements = [Requirement(text) for text in found[name].requires or ()]
        waiting += [
            each.name.lower() for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})
        ]
    return found


def test_the_core_needs_no_model_library_and_stays_small():
    core = core_distributions()
    assert not {"torch", "gliner", "transformers"} & set(core)
    del core["scrubber"]  # it may be installed as a link to this folder
    files = [file.locate() for each in core.values() for file in each.files or ()]
    files += [file for file in PACKAGE.rglob("*") if file.suffix != ".pyc"]
    size = sum(file.stat().st_size for file in files if file.is_file())
    assert size < CORE_MEGABYTES * 1_000_000


def test_no_command_loads_a_model_library_before_it_needs_one():
    script = (
        "import sys\n"
        "import scrubber.cli.run, scrubber.cli.pipe, scrubber.cli.check\n"
        "print(sorted({'torch', 'gliner', 'transformers', 'onnxruntime'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


def test_rules_can_be_compiled_before_what_else_a_command_needs_is_imported():
    script = (
        "import sys\n"
        "import scrubber.cli.pipe, scrubber.cli.detect\n"
        "late = {'numpy', 'structlog', 'confluent_kafka', 'scrubber.config', 'scrubber.detect.rules.tier'}\n"
        "print(sorted(late & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_is_the_module_too() -> None:
    done = subprocess.run([sys.executable, "-m", "scrubber", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("scrubber, version ")
    assert subprocess.run([sys.executable, "-m", "scrubber", "no-command"], check=False).returncode == 2


def test_ctrl_c_while_the_command_line_is_imported_ends_it_without_a_traceback() -> None:
    script = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
signal.signal(signal.SIGINT, signal.default_int_handler)
from scrubber.__main__ import main
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("compiler", [True, False])
def test_a_wheel_has_compiled_steps_where_there_is_a_compiler_and_is_whole_without(compiler, tmp_path):
    if compiler and shutil.which("cc") is None:
        pytest.skip("no compiler")
    source = tmp_path / "source"
    shutil.copytree(PACKAGE, source / "scrubber", ignore=shutil.ignore_patterns("*.so", "__pycache__", "embedded"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(PACKAGE.parent / name, source)
    env = dict(os.environ) if compiler else {**os.environ, "CC": "/nowhere/cc"}
    build = [UV, "build", "--wheel", "--out-dir", tmp_path, source]
    subprocess.run(build, env=env, capture_output=True, timeout=240, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    sources = [path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.c")]
    assert len(sources) > 1
    for stem in sources:
        assert any(name.startswith(f"{stem}.") and name.endswith(".so") for name in names) is compiler
    assert wheel.name.endswith("-py3-none-any.whl") is not compiler
    assert "scrubber/core/plain_steps.py" in names
    assert not any(name.endswith(".c") for name in names)
