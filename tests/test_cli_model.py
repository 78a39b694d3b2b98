"""`scrubber model`, against a small hub of our own on the loopback."""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scrubber.cli import main
from scrubber.cli.choices import section_of
from scrubber.cli.exits import Exit
from scrubber.cli.wiring import open_detectors
from scrubber.config import ModelSection
from scrubber.config.schema import ConfigFile
from scrubber.core.labels import LABELS
from scrubber.detect.cache import TemplateDetector
from scrubber.detect.detector import Plan
from scrubber.errors import ConfigError
from scrubber.policies import load_policy
from tests.command_line import run_here
from tests.detect.models import LINES, Shape, save_gliner, save_tokens

pytestmark = pytest.mark.gliner
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """Serves one repository, owner/model, as far as a client needs to list and fetch it."""

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def _answer(self, *, with_body):
        files = {str(file.relative_to(self.folder)): file for file in self.folder.rglob("*") if file.is_file()}
        resolved = re.fullmatch(rf"/owner/model/resolve/{COMMIT}/(.+)", self.path)
        headers = {"X-Repo-Commit": COMMIT}
        if re.match(r"/api/models/owner/model(/revision/(main|v1|[0-9a-f]{40}))?(\?|$)", self.path):
            siblings = [{"rfilename": name} for name in files]
            body = json.dumps({"id": "owner/model", "sha": COMMIT, "siblings": siblings}).encode()
        elif re.match(rf"/api/models/owner/model/tree/{COMMIT}", self.path):
            entries = [
                {"type": "file", "path": name, "size": file.stat().st_size, "oid": _digest(file)[:40]}
                for name, file in files.items()
            ]
            body = json.dumps(entries).encode()
        elif resolved and resolved[1] in files:
            body = files[resolved[1]].read_bytes()
            headers["ETag"] = f'"{_digest(files[resolved[1]])}"'
            if with_body:
                self.fetched.append(resolved[1])
        else:
            self.send_response(404)
            self.end_headers()
            return
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def _digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def gliner(tmp_path_factory):
    folder = save_gliner(tmp_path_factory.mktemp("gliner"), Shape(layers=1))
    (folder / "training_args.bin").write_bytes(b"not needed")
    return folder


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    return save_tokens(tmp_path_factory.mktemp("tokens"))


@pytest.fixture
def scrubber(tmp_path, gliner):
    """Run the command line in a process of its own, with a cache of its own and our hub."""
    handler = type("Handler", (Hub,), {"folder": gliner, "fetched": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(*arguments, online=True):
        endpoint = f"http://127.0.0.1:{server.server_port if online else 1}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGINGFACE"))}
        environment = {**clean, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "cache"), "NO_PROXY": "127.0.0.1"}
        command = [sys.executable, "-m", "scrubber.cli", "model", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    run.fetched = handler.fetched
    yield run
    server.shutdown()
    server.server_close()


def test_pull_fetches_what_is_needed_and_prints_what_pins_it(scrubber, gliner):
    done = scrubber("pull", "owner/model", "--revision", "v1")
    assert done.returncode == Exit.OK, done.stderr
    assert f"revision  {COMMIT}" in done.stdout
    assert f"sha256    {_digest(gliner / 'model.safetensors')}" in done.stdout
    assert "training_args.bin" not in scrubber.fetched

    offline = scrubber("info", "owner/model", "--revision", COMMIT, online=False)
    assert offline.returncode == Exit.OK, offline.stderr
    assert "model     owner/model" in offline.stdout
    assert "engine    own" in offline.stdout


def test_a_model_that_was_never_pulled_is_a_config_error_with_the_command(scrubber):
    done = scrubber("info", "owner/model", online=False)
    assert done.returncode == Exit.CONFIG
    assert "scrubber model pull owner/model" in done.stderr


def test_pulling_what_is_not_there_is_a_config_error(scrubber):
    assert scrubber("pull", "owner/other").returncode == Exit.CONFIG
    missing = scrubber("pull", "owner/model", "--weights", "onnx/model.onnx")
    assert missing.returncode == Exit.CONFIG
    assert "model.safetensors" in missing.stderr


def test_info_says_how_a_gliner_model_would_run(gliner, capsys):
    assert main(["model", "info", str(gliner)]) == Exit.OK
    out = capsys.readouterr().out
    assert "kind      gliner" in out
    assert "engine    own" in out
    assert "network   bert, 1 layers of 32" in out
    assert "windows   384 words, 512 tokens with the labels" in out


def test_info_says_what_the_classes_of_a_token_classifier_become(tokens, capsys):
    assert main(["model", "info", str(tokens)]) == Exit.OK
    out = capsys.readouterr().out
    assert "kind      tokens" in out
    assert "label     FIRSTNAME -> first_name" in out
    assert "label     AMOUNT -> nothing" in out


def test_verify_compares_with_the_library(gliner, capsys):
    assert main(["model", "verify", str(gliner), "--sha256", _digest(gliner / "model.safetensors")]) == Exit.OK
    assert re.search(r"answers   [1-9]\d* spans of the library, 0 differ", capsys.readouterr().out)


def test_verify_finds_an_engine_that_answers_otherwise(gliner, capsys, monkeypatch):
    monkeypatch.setattr(
        "scrubber.detect.gliner.engine.decode", lambda candidates, batch, labels: [[] for _ in batch.words]
    )
    assert main(["model", "verify", str(gliner)]) == Exit.FAILED
    assert "0 differ" not in capsys.readouterr().out


def test_verify_refuses_other_weights(gliner, capsys):
    assert main(["model", "verify", str(gliner), "--sha256", "0" * 64]) == Exit.CONFIG
    assert "model.sha256" in capsys.readouterr().err


def test_verify_of_a_token_classifier_loads_and_runs_it(tokens, capsys):
    assert main(["model", "verify", str(tokens)]) == Exit.OK
    assert "engine    torch" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["gliner", "tokens"])
def test_a_worker_gets_the_model_of_its_configuration(kind, request):
    path = str(request.getfixturevalue(kind))
    with open_detectors(ModelSection(kind=kind, path=path, device="cpu", dtype="float32")) as (detector,):
        assert detector.detect(["user Ada Lovelace logged in"], Plan(("first_name",), (0.0,))) != [[]]


def test_a_worker_may_have_several_models(gliner, tokens):
    both = [ModelSection(kind="gliner", path=str(gliner), device="cpu", dtype="float32")]
    both += [ModelSection(kind="tokens", path=str(tokens), device="cpu", labels={"SSN": "tax_id"})]
    with open_detectors(*both) as (one, other):
        assert one.detect(LINES, Plan(("first_name",), (0.0,))) != [[]] * len(LINES)
        assert "tax_id" in {span.label for text in other.detect(LINES, Plan(("tax_id",), (0.0,))) for span in text}
    with open_detectors(ModelSection(kind="none")) as none:
        assert none == ()


def test_a_model_of_another_kind_than_configured_is_a_config_error(tokens):
    with (
        pytest.raises(ConfigError, match=r"model\.kind"),
        open_detectors(ModelSection(kind="gliner", path=str(tokens), device="cpu")),
    ):
        pass


def test_the_cache_and_the_labels_of_the_configuration_reach_the_model(tokens):
    section = ModelSection(
        kind="tokens", path=str(tokens), device="cpu", cache="templates", labels={"SSN": "tax_id"}, cache_mb=1
    )
    with open_detectors(section) as (detector,):
        assert isinstance(detector, TemplateDetector)
        found = detector.detect(LINES, Plan(("tax_id",), (0.0,)))
    assert "tax_id" in {span.label for text in found for span in text}


def test_lines_of_one_template_are_read_once_by_default_where_that_was_measured(tokens):
    with open_detectors(ModelSection()) as (embedded,), open_detectors(ModelSection(cache="exact")) as (exact,):
        assert isinstance(embedded, TemplateDetector)
        assert not isinstance(exact, TemplateDetector)
    with open_detectors(ModelSection(kind="tokens", path=str(tokens), device="cpu")) as (own,):
        assert not isinstance(own, TemplateDetector)


@pytest.mark.parametrize(
    ("preset", "reads_digits"), [("logs", False), ("pci", False), ("hipaa", True), ("strict", True)]
)
def test_presets_that_ask_for_dates_get_the_digits(preset, reads_digits):
    asked = load_policy(preset).scoped("app").plan().labels
    assert (not set(ModelSection().digits_matter).isdisjoint(asked)) == reads_digits


def test_bench_prints_measured_beside_computed(tmp_path, capsys):
    folder = save_gliner(tmp_path, Shape(layers=1, backbone="deberta"))
    lines = tmp_path / "lines.txt"
    lines.write_text("user Ada Lovelace logged in\n" * 20, "utf-8")
    arguments = ["--device", "cpu", "--dtype", "float32", "--lines", str(lines), "--count", "10"]
    assert main(["bench", "engine", str(folder), *arguments]) == Exit.OK
    out = capsys.readouterr().out
    assert re.search(r"measured  [\d,]+ lines a second \(10 lines", out)
    assert re.search(r"computed  [\d.]+ GFLOP a line, \d+% of its tokens are labels", out)
    assert re.search(r"stages  .* copy [\d,]+ us, forward [\d,]+ us", out)
    assert re.search(r"reached +[\d.]+ TFLOP a second in the forward pass, \d+% of the [\d.]+ that products", out)
    assert re.search(r"H100 SXM  ?at most [\d,]+ lines a second", out)


def test_bench_asks_for_the_labels_that_a_worker_asks_for(tmp_path, capsys):
    folder = save_gliner(tmp_path, Shape(layers=1, backbone="deberta"))
    policy = tmp_path / "policy.yaml"
    labels = {label: {"enabled": label in {"iban", "first_name"}} for label in LABELS}
    policy.write_text(json.dumps({"version": 1, "name": "two", "labels": labels}), "utf-8")
    arguments = ["--device", "cpu", "--dtype", "float32", "--count", "5", "--policy", str(policy)]
    assert main(["bench", "engine", str(folder), *arguments]) == Exit.OK
    assert "(5 lines, 1 labels)" in capsys.readouterr().out  # rules find IBANs by their check digits


# --- the model of the package


def test_without_a_word_about_a_model_the_embedded_one_runs_and_none_turns_it_off():
    assert ModelSection().kind == section_of(None).kind == section_of("embedded").kind == "embedded"
    document = {
        "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
        "routes": [{"topics": ["app"]}],
    }
    assert ConfigFile.model_validate(document).model.kind == "embedded"
    assert ConfigFile.model_validate({**document, "model": "none"}).model.kind == "none"
    assert ConfigFile.model_validate({**document, "model": {"cache": "templates"}}).model.kind == "embedded"


def test_the_embedded_model_masks_a_name_that_the_rules_leave(capfdbinary):
    line = b"Hello, my name is Katrin Aalto and my order is late"
    assert b"Katrin" in run_here(capfdbinary, "pipe", "--rules-only", stdin=line).out
    ran = run_here(capfdbinary, "pipe", "--model", "embedded", "--audit", "/dev/stderr", stdin=line)
    assert b"Katrin" not in ran.out
    assert b"Aalto" not in ran.out
    assert b"my order is late" in ran.out


def test_info_and_verify_know_the_embedded_model(capsys):
    assert main(["model", "info", "embedded"]) == 0
    assert "scrubber-embedded" in capsys.readouterr().out
    assert main(["model", "verify", "embedded"]) == 0
    assert " 0 differ" in capsys.readouterr().out
