"""Nobody is told that scrubber runs: onnxruntime's builds would tell their maker, unless they are told not to."""

import os
import subprocess
import sys

import pytest

ONNX = """
from scrubber.detect.hub import EMBEDDED, locate
from scrubber.detect.models import load_model
from scrubber.detect.options import ModelOptions
load_model(locate(EMBEDDED), ModelOptions(runtime="onnxruntime")).warm_up()
"""
LIBRARY = """
from scrubber.detect.runtime.extras import require
require("gliner", "gliner")
import onnxruntime
"""


@pytest.mark.parametrize("code", [ONNX, LIBRARY], ids=["our own engine", "the gliner library"])
def test_no_model_leaves_an_identity_of_the_machine_or_a_report_to_be_sent(tmp_path, code):
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR")}
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], env=environment | home, check=True)
    assert [file for file in tmp_path.rglob("*") if "microsoft" in str(file.relative_to(tmp_path)).lower()] == []
