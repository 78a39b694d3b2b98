"""The Compose file: no daemon and no images here, so its parts are run, and the rest is held against them."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
import yaml

from scrubber.config import load
from tests.kafka_lab.topics import read_topic
from tests.ops.tools.containers import REPOSITORY
from tests.ops.tools.steps import run
from tests.ops.tools.system import program
from tests.stream.real_worker import WorkerProcess, group_of, new_route

COMPOSE = REPOSITORY / "compose"
LINES = 200


def services() -> dict:
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]


def test_the_file_is_one_that_compose_takes(tmp_path):
    check = (program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec")
    run(*check, COMPOSE / "compose.yaml")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((COMPOSE / "compose.yaml").read_text().replace("depends_on:", "depend_on:"))
    with pytest.raises(AssertionError, match="depend_on"):
        run(*check, wrong)


def test_every_file_that_is_mounted_is_there_and_every_image_has_a_version():
    for service in services().values():
        for mount in service.get("volumes", []):
            assert (COMPOSE / mount.split(":")[0]).is_file(), mount
        assert re.fullmatch(r"[\w./-]+:(v?\d+\.\d+\.\d+|try)", service["image"])
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
        for name in service.get("depends_on", {}):
            assert name in services()


def test_scrubber_takes_its_configuration_and_has_longer_than_it_needs_to_drain():
    config = load(COMPOSE / "scrubber.yaml", os.environ)
    assert int(services()["scrubber"]["stop_grace_period"].rstrip("s")) > config.stream.drain_timeout_secs
    topics = [*config.stream.routes[0].topics, *(f"app.raw.{kind}" for kind in ("clean", "audit", "quarantine"))]
    assert all(topic in services()["topics"]["command"][0] for topic in topics)


def test_prometheus_takes_its_configuration(tmp_path):
    config = (COMPOSE / "prometheus.yml").read_text()
    assert f"scrubber:{load(COMPOSE / 'scrubber.yaml', os.environ).http.port}" in config
    (tmp_path / "prometheus.yml").write_text(config)
    (tmp_path / "alerts.yaml").write_text((REPOSITORY / "helm" / "scrubber" / "files" / "alerts.yaml").read_text())
    run(program("promtool", "prometheus"), "check", "config", tmp_path / "prometheus.yml")


def test_the_dashboard_asks_the_data_source_that_is_provisioned():
    (source,) = yaml.safe_load((COMPOSE / "grafana" / "datasource.yaml").read_text())["datasources"]
    dashboard = json.loads((REPOSITORY / "helm" / "scrubber" / "files" / "dashboard.json").read_text())
    asked = set(
        re.findall(
            r'"uid": "([^"]+)", "type": "prometheus"|"type": "prometheus", "uid": "([^"]+)"', json.dumps(dashboard)
        )
    )
    assert {uid for pair in asked for uid in pair if uid and not uid.startswith("${")} <= {source["uid"]}


def test_what_the_generator_writes_is_scrubbed(kafka, tmp_path):
    route = new_route(kafka.bootstrap)
    where = ("--bootstrap", kafka.bootstrap, "--topic", route.topics[0])
    run(sys.executable, COMPOSE / "generate_logs.py", *where, "--count", str(LINES), "--per-second", "100000")
    with WorkerProcess(tmp_path, group_of(kafka.bootstrap, route)) as worker:
        worker.until_committed(LINES)
    clean = b"\n".join(message.value() for message in read_topic(kafka.bootstrap, route.clean))
    assert clean.count(b"\n") == LINES - 1
    assert b"mail.example" not in clean
    assert b"4111 1111" not in clean
