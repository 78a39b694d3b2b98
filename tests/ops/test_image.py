"""The image, for real: the Dockerfile as it is, built and run as a cluster with strict rules would run it."""

from __future__ import annotations

import json
import os
import urllib.request

import pytest
import yaml

from tests.kafka_lab.ports import free_port
from tests.kafka_lab.topics import produce, read_topic
from tests.ops.tools import containers
from tests.ops.tools.steps import run
from tests.ops.tools.system import program
from tests.stream.real_worker import WorkerProcess, group_of, new_route

RECORDS = 2_000
OWN_CODE_BYTES = 64_000_000  # the embedded model is in it
MEMORY = "512m"
LESS_MEMORY = "440m"  # a first start with the embedded model takes some 350 MB at most
AS_RESTRICTED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", MEMORY)
BUILD_TOOLS = ("cc", "gcc", "g++", "make", "git", "cargo", "uv", "hatchling")


@pytest.fixture(scope="module")
def image() -> str:
    return containers.build("cpu")


def test_hadolint_finds_nothing_in_the_dockerfile():
    run(program("hadolint"), containers.REPOSITORY / "Dockerfile")


def test_the_layers_are_listed_and_our_own_code_is_a_small_one_on_top(image, capsys):
    layers = containers.layers(image)
    with capsys.disabled():
        print(f"\nlayers of {image}:")
        for layer in layers:
            print(f"{layer.bytes / 1e6:9.1f} MB  {layer.made_by[:100]}")
    assert layers[-1].bytes < OWN_CODE_BYTES
    assert "/opt/app" in layers[-1].made_by


def test_the_compiled_steps_are_in_the_image(image):
    script = "from scrubber.core import plain, plain_steps; print(plain.splice is plain_steps.splice)"
    assert containers.podman("run", "--rm", "--entrypoint", "python", image, "-c", script).strip() == "False"


def test_there_are_no_build_tools_and_no_weights_but_our_own_in_the_image(image):
    script = f"import shutil; print([name for name in {BUILD_TOOLS!r} if shutil.which(name)])"
    assert containers.podman("run", "--rm", "--entrypoint", "python", image, "-c", script).strip() == "[]"
    find = (
        "/opt",
        "-size",
        "+1M",
        "(",
        "-name",
        "*.safetensors",
        "-o",
        "-name",
        "*.onnx",
        "-o",
        "-name",
        "pytorch_model*",
        ")",
    )
    weights = containers.podman("run", "--rm", "--entrypoint", "find", image, *find).split()
    assert [path for path in weights if not path.startswith("/opt/app/scrubber/")] == []


def test_the_image_says_what_is_in_it(image):
    config = json.loads(containers.podman("inspect", image))[0]["Config"]
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.title"] == "scrubber"
    cat = ("run", "--rm", "--entrypoint", "cat", image, "/opt/scrubber/sbom.cdx.json")
    packages = json.loads(containers.podman(*cat))
    assert {"confluent-kafka", "onnxruntime"} <= {component["name"] for component in packages["components"]}


def test_a_restricted_container_scrubs_a_topic_answers_probes_and_drains(image, kafka, tmp_path):
    route = new_route(kafka.bootstrap, partitions=2)
    port = free_port()
    config = group_of(kafka.bootstrap, route, http={"enabled": True, "port": port})
    file = tmp_path / "scrubber.yaml"
    file.write_text(yaml.safe_dump(config))
    tmp_path.chmod(0o755)
    progress = WorkerProcess(tmp_path, config)
    lines = [f"login of user{number}@mail.example from 192.0.2.{number % 250}".encode() for number in range(RECORDS)]
    produce(kafka.bootstrap, route.topics[0], lines)
    mounted = ("--volume", f"{file}:/etc/scrubber/scrubber.yaml:ro", "--env", f"SCRUBBER_HEALTH_PORT={port}")

    with containers.Container(image, options=(*AS_RESTRICTED, *mounted)) as container:
        containers.until(lambda: progress.committed() >= RECORDS, container)
        containers.until(container.healthy, container)
        assert _get(port, "/healthz") == 200
        assert _get(port, "/readyz") == 200
        status = dict(line.split(":", 1) for line in container.execute("cat", "/proc/1/status").splitlines())
        assert status["Uid"].split() == ["10001"] * 4
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"].strip() == "1"
        with pytest.raises(AssertionError, match="Read-only file system"):
            container.execute("touch", "/opt/app/mark")
        assert container.memory_limit() == 512 * 1024**2
        ended = container.end("TERM", secs=60)

    assert (ended["ExitCode"], ended["OOMKilled"]) == (0, False)
    clean = read_topic(kafka.bootstrap, route.clean)
    assert len(clean) == RECORDS
    assert not any(b"mail.example" in message.value() for message in clean)


def test_the_embedded_model_reads_names_without_a_network_and_leaves_room_in_its_memory(image):
    line = "my name is Carol Miller, mail carol@mail.example\n"
    options = ("--rm", "--interactive", "--network", "none", *AS_RESTRICTED, "--memory", LESS_MEMORY)
    clean = containers.podman("run", *options, image, "pipe", "--model", "embedded", input=line)
    assert clean.startswith("my name is <")
    assert "Carol" not in clean
    assert "mail.example" not in clean


@pytest.mark.skipif("SCRUBBER_OPS_GPU" not in os.environ, reason="left out: 6 GB; SCRUBBER_OPS_GPU=1 builds it")
def test_the_gpu_target_has_torch_with_cuda():
    script = "import gliner, torch; print(torch.version.cuda)"
    image = containers.build("gpu")
    said = containers.podman("run", "--rm", *AS_RESTRICTED, "--entrypoint", "python", image, "-c", script)
    assert float(said.split()[-1]) >= 12


def test_a_wrong_configuration_ends_the_container_with_2_and_says_where(image, tmp_path):
    file = tmp_path / "scrubber.yaml"
    file.write_text("kafka: {bootstrap_servers: 'kafka.example:9092', group_id: g}\nroutes: [{topic: [x]}]\n")
    tmp_path.chmod(0o755)
    options = (*AS_RESTRICTED, "--volume", f"{file}:/etc/scrubber/scrubber.yaml:ro")
    with containers.Container(image, options=options) as container:
        containers.until(lambda: not container.state["Running"], container, alive=False)
        assert container.state["ExitCode"] == 2
        assert "routes[0].topic" in container.said


def _get(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.status
