"""Other people's clients on both sides of the topics, with the files of examples/ as they are."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
import yaml

from tests.kafka_lab.ports import free_port
from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic, unique
from tests.ops.tools.containers import REPOSITORY
from tests.ops.tools.go import binaries
from tests.ops.tools.process import Process
from tests.ops.tools.system import program
from tests.stream.real_worker import OUTPUTS, WorkerProcess

EXAMPLES = REPOSITORY / "examples"
RECORDS = 500
WAIT_SECS = 180
ENCODINGS = ("otlp_proto", "otlp_json", "raw")
READ_AS = {"raw": "text"}  # raw is bytes to the receiver
CARD = "4111 1111 1111 1111"


class Flow:
    """Topics for the configuration of an example, which is otherwise taken as it is."""

    def __init__(self, bootstrap: str, example: str) -> None:
        self.config = yaml.safe_load((EXAMPLES / example / "scrubber.yaml").read_text())
        (route,) = self.config["routes"]
        self.raw = create_topic(bootstrap, "raw", 2)
        made = {kind: create_topic(bootstrap, kind, 2) for kind in OUTPUTS}
        route |= {"topics": [self.raw], **made}
        self.clean, self.quarantine = made["clean"], made["quarantine"]
        self.config["kafka"] |= {"bootstrap_servers": bootstrap, "group_id": unique("group")}
        self.config |= {"model": "none"}  # the example's time is not the model's


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_collector_on_each_side_of_scrubber(encoding, kafka, tmp_path):
    collector = binaries("otelcol") / "otelcol"
    flow = Flow(kafka.bootstrap, "opentelemetry")
    endpoint = f"127.0.0.1:{free_port()}"
    places = {"KAFKA_BROKERS": kafka.bootstrap, "RAW_TOPIC": flow.raw, "CLEAN_TOPIC": flow.clean, "ENCODING": encoding}
    output = tmp_path / "clean.jsonl"
    into = {**places, "OTLP_ENDPOINT": endpoint}
    out = {**places, "GROUP_ID": unique("otel"), "OUTPUT": str(output), "ENCODING": READ_AS.get(encoding, encoding)}
    with (
        Process(
            tmp_path / "in", collector, "--config", EXAMPLES / "opentelemetry" / "to-kafka.yaml", env=into
        ) as first,
        WorkerProcess(tmp_path, flow.config) as worker,
        Process(
            tmp_path / "out", collector, "--config", EXAMPLES / "opentelemetry" / "from-kafka.yaml", env=out
        ) as last,
    ):
        for start in range(0, RECORDS, 50):
            _send(first, endpoint, range(start, start + 50))
        worker.until(lambda: len(_bodies(output)) >= RECORDS, WAIT_SECS)
        assert last.runs
    bodies = _bodies(output)
    assert sorted(int(body.strip('"').split()[2]) for body in bodies) == list(range(RECORDS)), "each once"
    assert not any("mail.example" in body or CARD in body for body in bodies)
    text = output.read_text()
    assert "mail.example" not in text
    assert (encoding == "raw") == ("made-up-service" not in text), "raw leaves attributes out"
    assert read_topic(kafka.bootstrap, flow.quarantine) == []


def test_rsyslog_tails_a_file_into_scrubber(kafka, tmp_path):
    rsyslog = program("rsyslogd", "rsyslog", "rsyslog-kafka")
    flow = Flow(kafka.bootstrap, "rsyslog")
    lines = tmp_path / "app.log"
    lines.write_text("")
    (tmp_path / "state").mkdir()
    places = {"KAFKA_BROKERS": kafka.bootstrap, "RAW_TOPIC": flow.raw, "LOG_FILE": str(lines)}
    config = EXAMPLES / "rsyslog" / "scrubber.conf"
    start = (rsyslog, "-n", "-f", config, "-i", tmp_path / "pid")
    with (
        Process(tmp_path / "log", *start, env={**places, "STATE_FOLDER": str(tmp_path / "state")}) as daemon,
        WorkerProcess(tmp_path, flow.config) as worker,
    ):
        with lines.open("a") as log:
            log.writelines(_line(number) + "\n" for number in range(RECORDS))
        worker.until(lambda: worker.committed() >= RECORDS or not daemon.runs, WAIT_SECS)
        assert daemon.runs, daemon.said
    messages = [json.loads(message.value())["message"] for message in read_topic(kafka.bootstrap, flow.clean)]
    assert sorted(int(message.split()[2]) for message in messages) == list(range(RECORDS))
    assert not any("mail.example" in message or CARD in message for message in messages)
    assert read_topic(kafka.bootstrap, flow.quarantine) == []


def test_support_tickets_keep_their_shape_and_lose_their_people(kafka, tmp_path):
    flow = Flow(kafka.bootstrap, "support-tickets")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "k1").write_text("QUFB" * 11)
    (tmp_path / "tickets.yaml").write_text((EXAMPLES / "support-tickets" / "tickets.yaml").read_text())
    customer = {"mail": "ann@mail.example", "notes": "calls at noon"}
    ticket = {"id": 17, "customer": customer, "text": f"ann@mail.example: {CARD} was refused, cc support@shop.example"}
    produce(kafka.bootstrap, flow.raw, [Sent(json.dumps(ticket).encode(), b"17")] * 3)
    with WorkerProcess(tmp_path, flow.config) as worker:
        worker.until_committed(3)
    first, second, third = [json.loads(message.value()) for message in read_topic(kafka.bootstrap, flow.clean)]
    assert first == second == third
    token = first["customer"]["mail"]
    assert token != "ann@mail.example"
    assert first["text"].startswith(f"{token}: ")
    assert first["text"].endswith("1111 was refused, cc support@shop.example")
    assert "noon" not in json.dumps(first)
    assert first["id"] == 17


def _line(number: int) -> str:
    return f"order number {number} of user{number}@mail.example paid with {CARD}"


def _send(collector: Process, endpoint: str, numbers: range) -> None:
    records = [
        {
            "body": {"stringValue": _line(number)},
            "attributes": [{"key": "mail", "value": {"stringValue": "a@mail.example"}}],
        }
        for number in numbers
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "made-up-service"}}]}
    logs = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}
    request = urllib.request.Request(
        f"http://{endpoint}/v1/logs", json.dumps(logs).encode(), {"Content-Type": "application/json"}
    )
    deadline = time.monotonic() + WAIT_SECS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except OSError:
            assert collector.runs, collector.said
            assert time.monotonic() < deadline, collector.said
            time.sleep(0.2)


def _bodies(file) -> list[str]:
    if not file.exists():
        return []
    lines = file.read_text().split("\n")[:-1]
    return [
        record["body"]["stringValue"]
        for line in lines
        for resource in json.loads(line)["resourceLogs"]
        for scope in resource["scopeLogs"]
        for record in scope["logRecords"]
    ]
