"""`scrubber quarantine`, from the command line in; with a real broker where topics are involved."""

import base64
import json

import pytest
import yaml

from scrubber.cli import main
from scrubber.cli.exits import Exit
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Record
from scrubber.errors import Reason
from scrubber.stream import reading
from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic

KEY = bytes(range(32))
RING = KeyRing({"k1": KEY})
TEXT = Record("app", 1, 7, 1_700_000_000_000, b"customer-7", b'{"name":"Ann"}', [("trace", b"x"), ("none", None)])
BYTES = Record("app", 0, 8, 1_700_000_000_001, None, b"\xff\xfe", None)


def seal(record, reason=Reason.RESIDUAL, keys=RING):
    return Quarantine(keys).seal(record, reason, "0f" * 32).envelope


@pytest.fixture
def key(tmp_path):
    file = tmp_path / "quarantine.key"
    file.write_bytes(base64.b64encode(KEY))
    return f"k1={file}"


@pytest.fixture
def envelopes(tmp_path):
    def write(*lines):
        file = tmp_path / "quarantine.jsonl"
        file.write_bytes(b"\n".join(lines) + b"\n")
        return str(file)

    return write


def shown(capfd):
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def said(capfd):
    """What the command says, without what the Kafka client does: a broker that has just begun keeps it waiting."""
    return [line for line in capfd.readouterr().err.splitlines() if '"event":"librdkafka"' not in line]


def test_the_key_holder_sees_the_record(envelopes, key, capfd):
    assert main(["quarantine", "show", "--key", key, envelopes(seal(TEXT), seal(BYTES))]) == Exit.OK
    text, raw = shown(capfd)
    assert text == {
        "reason": "residual",
        "topic": "app",
        "partition": 1,
        "offset": 7,
        "timestamp_ms": 1_700_000_000_000,
        "policy_digest": "0f" * 32,
        "key": "customer-7",
        "value": '{"name":"Ann"}',
        "headers": [{"name": "trace", "value": "x"}, {"name": "none", "value": None}],
    }
    assert (raw["key"], raw["value_base64"], raw["headers"]) == (None, "//4=", [])


@pytest.mark.parametrize("with_key", [True, False])
def test_coordinates_can_be_seen_without_the_payload(with_key, envelopes, key, capfd):
    options = ["--coordinates", "--key", key] if with_key else []
    assert main(["quarantine", "show", *options, envelopes(seal(TEXT))]) == Exit.OK
    [line] = shown(capfd)
    assert line["offset"] == 7
    assert not {"key", "value", "headers"} & set(line)


def test_only_the_reasons_asked_for_are_shown(envelopes, capfd):
    file = envelopes(seal(TEXT, Reason.TOO_DEEP), seal(BYTES, Reason.UNDECODABLE))
    assert main(["quarantine", "show", "--reason", "undecodable", file]) == Exit.OK
    assert [line["offset"] for line in shown(capfd)] == [8]


def test_what_cannot_be_opened_is_said_and_does_not_hide_the_rest(envelopes, key, capfd):
    file = envelopes(b"not an envelope", seal(TEXT, keys=NO_KEYS), seal(BYTES))
    assert main(["quarantine", "show", "--key", key, file]) == Exit.FAILED
    garbage, without_payload, whole = shown(capfd)
    assert garbage == {"problem": "not a quarantine envelope of this version"}
    assert without_payload["offset"] == 7
    assert "omitted:no_key" in without_payload["problem"]
    assert whole["value_base64"] == "//4="


@pytest.mark.parametrize("arguments", [["show"], ["replay"], ["show", "--reason", "dull", "x"]])
def test_a_command_that_says_too_little_is_a_mistake_of_usage(arguments, capfd):
    assert main(["quarantine", *arguments]) == Exit.CONFIG


# --- on a cluster


@pytest.fixture
def cluster(kafka, tmp_path):
    """An input topic, its quarantine, and the configuration of a worker between them."""
    source = create_topic(kafka.bootstrap, "app", partitions=2)
    quarantine = create_topic(kafka.bootstrap, "quarantine", partitions=2)
    (tmp_path / "quarantine.key").write_bytes(base64.b64encode(KEY))
    config = {
        "kafka": {"bootstrap_servers": kafka.bootstrap, "group_id": source},
        "routes": [{"topics": [source], "quarantine": quarantine}],
        "quarantine": {"key_file": "quarantine.key"},
    }
    file = tmp_path / "scrubber.yaml"
    file.write_text(yaml.safe_dump(config))
    return kafka.bootstrap, source, quarantine, str(file)


@pytest.mark.kafka
def test_records_go_from_the_quarantine_topic_back_to_where_they_came_from(cluster, capfd):
    bootstrap, source, quarantine, config = cluster
    records = [TEXT._replace(topic=source), BYTES._replace(topic=source)]
    produce(bootstrap, quarantine, [Sent(seal(record), partition=record.partition) for record in records])

    assert main(["quarantine", "show", "--config", config]) == Exit.OK
    assert [line["offset"] for line in shown(capfd)] == [8, 7]

    assert main(["quarantine", "replay", "--config", config]) == Exit.OK
    assert said(capfd) == ["sent back 2, could not open 0"]
    again = [
        Record(source, it.partition(), 0, it.timestamp()[1], it.key(), it.value(), it.headers())
        for it in read_topic(bootstrap, source)
    ]
    assert [tuple(it) for it in again] == [
        tuple(it._replace(offset=0)) for it in sorted(records, key=lambda it: it.partition)
    ]


@pytest.mark.kafka
def test_records_can_be_sent_elsewhere_and_what_cannot_be_opened_is_said(cluster, envelopes, capfd):
    bootstrap, source, _, config = cluster
    elsewhere = create_topic(bootstrap, "elsewhere", partitions=1)
    file = envelopes(seal(TEXT._replace(topic=source)), seal(BYTES, Reason.POLICY_DROP))
    assert main(["quarantine", "replay", "--config", config, "--to", elsewhere, file]) == Exit.FAILED
    problem, summary = said(capfd)
    assert json.loads(problem)["offset"] == 8
    assert "omitted:policy" in json.loads(problem)["problem"]
    assert summary == "sent back 1, could not open 1"
    assert [it.value() for it in read_topic(bootstrap, elsewhere)] == [TEXT.value]


def test_a_cluster_that_is_not_there_is_an_error_with_its_code(tmp_path, envelopes, key, capfd, monkeypatch):
    monkeypatch.setattr(reading, "REQUEST_SECS", 0.5)
    file = tmp_path / "scrubber.yaml"
    nowhere = {"bootstrap_servers": "localhost:1", "group_id": "x", "transaction_timeout_ms": 1000}
    file.write_text(yaml.safe_dump({"kafka": nowhere, "routes": [{"topics": ["app"]}], "slow_transaction_secs": 0.5}))
    assert main(["quarantine", "show", "--config", str(file)]) == Exit.FAILED
    assert main(["quarantine", "show", "--config", str(file), "--topic", "app.quarantine"]) == Exit.FAILED
    assert main(["quarantine", "replay", "--config", str(file), "--key", key, envelopes(seal(TEXT))]) == Exit.FAILED
    unnamed, unread, unsent = [line for line in capfd.readouterr().err.splitlines() if line.startswith("scrubber: ")]
    assert unnamed == "scrubber: the cluster did not name its topics: _TRANSPORT"
    assert unread == "scrubber: the quarantine cannot be read: _TRANSPORT"
    assert unsent == "scrubber: not all of 1 records were delivered: _MSG_TIMED_OUT"


def test_a_file_that_is_not_there_is_told(tmp_path, capfd):
    assert main(["quarantine", "show", str(tmp_path / "none.jsonl")]) == Exit.CONFIG
    assert main(["quarantine", "show", str(tmp_path)]) == Exit.CONFIG
    err = capfd.readouterr().err
    assert "none.jsonl: cannot be read: No such file or directory\n" in err
    assert ": cannot be read: Is a directory\n" in err


@pytest.mark.kafka
@pytest.mark.parametrize("arguments", [["show", "--topic", "no-such-topic"], ["replay", "--to", "no\nsuch", "FILE"]])
def test_a_topic_that_is_not_there_is_an_error_with_its_code(arguments, cluster, envelopes, capfd):
    *_, config = cluster
    file = envelopes(seal(TEXT))
    arguments = [file if argument == "FILE" else argument for argument in arguments]
    assert main(["quarantine", *arguments, "--config", config]) == Exit.FAILED
    assert said(capfd)[0].startswith("scrubber: ")
