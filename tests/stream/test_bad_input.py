"""Bad input through the real worker and a real broker: quarantined or told in words, and the worker goes on."""

from __future__ import annotations

import re
import signal
import time
from typing import NamedTuple

import orjson
import pytest
from confluent_kafka import Message
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from scrubber.cli.exits import Exit
from scrubber.errors import RetriableStreamError
from scrubber.stream.admin import prepare
from scrubber.stream.settings import KafkaSettings, StreamSettings
from scrubber.telemetry import Fanout
from tests.kafka_lab.fixtures import SECURE_USERS
from tests.kafka_lab.ports import free_port
from tests.kafka_lab.raw_headers import produce_with_header
from tests.kafka_lab.security import allow
from tests.kafka_lab.topics import Sent, create_topic, produce, read_topic
from tests.stream.real_worker import Route, WorkerProcess, group_of, new_route

pytestmark = [pytest.mark.kafka]

MAIL = b"robin@mail.example"
LARGE = 8 * 1024 * 1024
SMALL = 3_000

DEEP = b'{"a":' * 10_000 + b'"' + MAIL + b'"' + b"}" * 10_000
TWISTED = (
    b'{ "n": 1.0,  "n": 1e400, "big": 123456789012345678901234567890123456789, "tiny": -0.00E-7,'
    b' "n": "\\u00e9\\/", "to": "robin@mail.example", "to": "sam@mail.example", "\\u0061": true }'
)

PASSWORD = b"h7Gk2pQx"
CARD = b"paid with card 4111 1111 1111 1111"

SPECIMENS = {
    "invalid UTF-8": Sent(b"\xff\xfe\x80 from " + MAIL),
    "cut UTF-8": Sent("Grüße".encode()[:3] + b" " + MAIL),
    "UTF-16": Sent(MAIL.decode().encode("utf-16-le")),
    "NUL": Sent(b"a\x00b from " + MAIL + b"\x00"),
    "lone surrogate": Sent(b'{"m": "\\ud800 \\udc00\\ud800", "to": "' + MAIL + b'"}'),
    "surrogate in UTF-8": Sent(b"\xed\xa0\x80 from " + MAIL),
    "5 MB line": Sent(b"lorem ipsum " * 430_000 + MAIL),
    "deep JSON": Sent(DEEP),
    "twisted JSON": Sent(TWISTED),
    "empty": Sent(b""),
    "tombstone": Sent(None),
    "header without value": Sent(b"hello", headers=[("none", None), ("empty", b""), ("from", MAIL)]),
    "header that is not UTF-8": Sent(b"hello", headers=[("from", b"\xff\xfe")]),
    "emoji": Sent("👩‍👩‍👧 wrote to ".encode() + MAIL + "🦊".encode()),
    "newlines": Sent(b"\n\r\n from " + MAIL + b"\n"),
    "only spaces": Sent(b"   "),
    "half a JSON": Sent(b'{"to": "' + MAIL + b'", "and": [1, {'),
    "cut at a password": Sent(b'{"to": "' + MAIL + b'", "passwords": ["' + PASSWORD),
    "card": Sent(CARD),
}


class Seen(NamedTuple):
    """What became of the specimens: clean records and quarantine reasons by name, and what the worker said."""

    clean: dict[str, Message]
    reasons: dict[str, str]
    audited: set[str]
    order: list[str]
    pci: list[bytes | None]
    code: int
    said: str


@pytest.fixture(scope="module")
def seen(kafka, tmp_path_factory):
    """All specimens, and a card on a second route, through one worker, which is then told to stop."""
    large = dict.fromkeys(("input", "clean", "audit", "quarantine"), LARGE)
    route, pci = new_route(kafka.bootstrap, **large), new_route(kafka.bootstrap, "pci")
    named = [sent._replace(key=name.encode(), timestamp_ms=1_700_000_000_000) for name, sent in SPECIMENS.items()]
    client = {"bootstrap.servers": kafka.bootstrap, "message.max.bytes": LARGE}
    produce(client, route.topics[0], named)
    produce(client, pci.topics[0], [CARD])
    with WorkerProcess(tmp_path_factory.mktemp("seen"), group_of(kafka.bootstrap, route, pci)) as worker:
        worker.until_committed(len(SPECIMENS) + 1)
        worker.process.send_signal(signal.SIGTERM)
        code = worker.wait()
        names = list(SPECIMENS)
        clean = [(str((message.key() or b"").decode()), message) for message in read_topic(client, route.clean)]
        envelopes = [orjson.loads(message.value()) for message in read_topic(client, route.quarantine)]
        events = [orjson.loads(message.value()) for message in read_topic(client, route.audit)]
        return Seen(
            dict(clean),
            {names[envelope["source"]["offset"]]: envelope["reason"] for envelope in envelopes},
            {names[event["source"]["offset"]] for event in events},
            [name for name, _ in clean],
            [message.value() for message in read_topic(client, pci.clean)],
            code,
            worker.said,
        )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("invalid UTF-8", "undecodable"),
        ("cut UTF-8", "undecodable"),
        ("UTF-16", "undecodable"),
        ("surrogate in UTF-8", "undecodable"),
        ("header that is not UTF-8", "undecodable"),
        ("deep JSON", "too_deep"),
    ],
)
def test_what_cannot_be_read_is_quarantined(seen, name, reason):
    assert seen.reasons[name] == reason


@pytest.mark.parametrize(
    "name",
    ["NUL", "lone surrogate", "5 MB line", "twisted JSON", "emoji", "newlines", "half a JSON"],
)
def test_odd_text_is_redacted_and_otherwise_untouched(seen, name):
    raw = SPECIMENS[name].value or b""
    assert re.split(rb"<EMAIL>", seen.clean[name].value()) == re.split(rb"[a-z]+@mail.example", raw)
    assert name in seen.audited


def test_what_was_cut_in_the_middle_of_a_value_is_redacted_to_its_end(seen):
    assert seen.clean["cut at a password"].value() == b'{"to": "<EMAIL>", "passwords": ["<PASSWORD>'


@pytest.mark.parametrize(("name", "value"), [("empty", b""), ("tombstone", None), ("only spaces", b"   ")])
def test_nothing_stays_nothing(seen, name, value):
    assert seen.clean[name].value() == value


def test_headers_without_value_stay_and_others_are_scrubbed(seen):
    headers = seen.clean["header without value"].headers()
    assert headers[:3] == [("none", None), ("empty", b""), ("from", b"<EMAIL>")]


def test_every_record_comes_out_once_in_order_and_at_its_time(seen):
    assert seen.clean.keys() | seen.reasons.keys() == SPECIMENS.keys()
    assert not seen.clean.keys() & seen.reasons.keys()
    assert seen.order == [name for name in SPECIMENS if name in seen.clean]
    assert {message.timestamp()[1] for message in seen.clean.values()} == {1_700_000_000_000}


def test_a_stopped_worker_ends_with_0_and_has_said_no_value(seen):
    assert seen.code == Exit.OK
    assert "worker_stopped" in seen.said
    assert MAIL.decode() not in seen.said


def test_a_header_whose_name_is_not_utf_8_is_quarantined_and_its_neighbours_pass(kafka, tmp_path):
    route = new_route(kafka.bootstrap)
    source = route.topics[0]
    before, after = [b"before"] * 100, [b"after"] * 100  # by then Python takes its short way to call a method
    produce(kafka.bootstrap, source, [Sent(value, partition=0) for value in before])
    produce_with_header(kafka.bootstrap, source, 0, b"from " + MAIL, (b"\xff\xfe", b"v"))
    produce(kafka.bootstrap, source, [Sent(value, partition=0) for value in after])
    with WorkerProcess(tmp_path, group_of(kafka.bootstrap, route)) as worker:
        worker.until_committed(201)
    assert [message.value() for message in read_topic(kafka.bootstrap, route.clean)] == before + after
    (envelope,) = [orjson.loads(message.value()) for message in read_topic(kafka.bootstrap, route.quarantine)]
    assert (envelope["source"]["offset"], envelope["reason"]) == (100, "undecodable")


def test_a_record_too_large_for_its_topic_is_quarantined_and_its_neighbours_pass(kafka, tmp_path):
    """The first time the limit is known from the start, then it is lowered while the worker runs."""
    route = new_route(kafka.bootstrap, clean=SMALL)
    growing = b" ".join([b"a@b.example"] * 200)  # 2,399 bytes before, 1,399 after
    produce(kafka.bootstrap, route.topics[0], [b"one", b"x" * SMALL, b"two", growing, b"three"])
    uncompressed = group_of(kafka.bootstrap, route, kafka={"compression": "none"})
    with WorkerProcess(tmp_path, uncompressed) as worker:
        worker.until_committed(5)
        _limit(kafka.bootstrap, route.clean, 1_000)
        produce(kafka.bootstrap, route.topics[0], [b"four", b"y" * 2_000, b"five"])
        worker.until_committed(8)
    values = [message.value() for message in read_topic(kafka.bootstrap, route.clean)]
    assert values == [b"one", b"two", b" ".join([b"<EMAIL>"] * 200), b"three", b"four", b"five"]
    envelopes = [orjson.loads(message.value()) for message in read_topic(kafka.bootstrap, route.quarantine)]
    assert [(each["source"]["offset"], each["reason"]) for each in envelopes] == [(1, "too_large"), (6, "too_large")]


def test_small_records_are_not_refused_for_the_company_they_keep(kafka, tmp_path):
    """A broker's limit is for a whole batch of records."""
    route = new_route(kafka.bootstrap, clean=SMALL)
    produce(kafka.bootstrap, route.topics[0], [b"%0100d" % number for number in range(500)])
    with WorkerProcess(tmp_path, group_of(kafka.bootstrap, route, kafka={"compression": "none"})) as worker:
        worker.until_committed(500)
    assert read_topic(kafka.bootstrap, route.quarantine) == []
    assert len(read_topic(kafka.bootstrap, route.clean)) == 500


def test_each_route_has_its_own_policy(seen):
    assert seen.clean["card"].value() == b"paid with card <CREDIT_DEBIT_CARD>"
    assert seen.pci == [b"paid with card 4111 11** **** 1111"]


def test_the_second_signal_ends_at_once(kafka, tmp_path):
    route = new_route(kafka.bootstrap)
    produce(kafka.bootstrap, route.topics[0], [b"line %d from robin@mail.example" % number for number in range(60_000)])
    with WorkerProcess(tmp_path, group_of(kafka.bootstrap, route)) as worker:
        worker.until(lambda: worker.committed() > 0)
        worker.process.send_signal(signal.SIGTERM)
        worker.process.send_signal(signal.SIGINT)
        assert worker.wait(5) == Exit.INTERRUPTED


# -- told in words -----------------------------------------------------------------------------------------------------


def ends_in_words(folder, config, code, *words, without=()):
    with WorkerProcess(folder, config) as worker:
        assert worker.wait() == code, worker.said
        for word in words:
            assert word in worker.said
        assert "Traceback" not in worker.said
        assert not [secret for secret in without if secret in worker.said]


def test_an_unknown_input_topic(kafka, tmp_path):
    route = new_route(kafka.bootstrap)._replace(topics=["no-such-topic"])
    config = group_of(kafka.bootstrap, route, start_timeout_secs=1.0)
    ends_in_words(tmp_path, config, Exit.FAILED, "waiting_for", "topic no-such-topic does not exist")


def test_fewer_partitions_out_than_in(kafka, tmp_path):
    route = new_route(kafka.bootstrap, partitions=2)
    narrow = route._replace(clean=create_topic(kafka.bootstrap, "narrow", 1))
    config = group_of(kafka.bootstrap, narrow)
    ends_in_words(tmp_path, config, Exit.FAILED, f"partition count mismatch: {narrow.clean} has 1")


def test_no_broker_within_the_start_time(tmp_path):
    route = Route(["in"], "clean", "audit", "quarantine", "logs")
    config = group_of(f"127.0.0.1:{free_port()}", route, start_timeout_secs=1.0)
    ends_in_words(tmp_path, config, Exit.FAILED, "no broker can be used", "Connection refused")


def test_one_try_takes_no_longer_than_the_start_time():
    kafka = KafkaSettings(f"127.0.0.1:{free_port()}", "group")
    started = time.monotonic()
    with pytest.raises(RetriableStreamError, match="no broker can be used"):
        prepare(StreamSettings(kafka, (), start_timeout_secs=0.5), Fanout(()))
    assert time.monotonic() - started < 5


def test_a_bad_configuration_ends_with_2_and_lists_everything(tmp_path):
    route = Route(["in"], "clean", "audit", "quarantine", "no-such-policy")
    config = group_of("127.0.0.1:1", route, kafka={"extra": {"acks": "0"}}, delivery="twice")
    words = ("3 problems", "delivery:", "routes[0].policy: no policy has the name", "kafka.extra.acks: may not be set")
    ends_in_words(tmp_path, config, Exit.CONFIG, *words)


def test_a_wrong_password(secure_kafka, tmp_path):
    route = Route(["in"], "clean", "audit", "quarantine", "logs")
    config = group_of(secure_kafka.security.listeners["SCRAM"], route, kafka=signed_in(secure_kafka, "made-up-wrong"))
    ends_in_words(tmp_path, config, Exit.FAILED, "refuse the credentials", without=["made-up-wrong"])


def test_a_topic_without_permission(secure_kafka, tmp_path):
    route = new_route(secure_kafka.bootstrap)
    user = SECURE_USERS["scrubber"]
    config = group_of(secure_kafka.security.listeners["SCRAM"], route, kafka=signed_in(secure_kafka, user))
    permit(secure_kafka, config, [route.clean, route.audit])
    ends_in_words(tmp_path, config, Exit.FAILED, f"writing to topic {route.quarantine} is not allowed", without=[user])


def test_a_transactional_id_without_permission(secure_kafka, tmp_path):
    route = new_route(secure_kafka.bootstrap)
    user = SECURE_USERS["scrubber"]
    config = group_of(secure_kafka.security.listeners["SCRAM"], route, kafka=signed_in(secure_kafka, user))
    permit(secure_kafka, config, [route.clean, route.audit, route.quarantine])
    ends_in_words(tmp_path, config, Exit.FAILED, "transactions cannot start", "uthorization", without=[user])


def test_a_permission_taken_away_while_the_worker_runs(secure_kafka, tmp_path):
    route = new_route(secure_kafka.bootstrap)
    user = SECURE_USERS["scrubber"]
    config = group_of(secure_kafka.security.listeners["SCRAM"], route, kafka=signed_in(secure_kafka, user))
    permit(secure_kafka, config, [route.clean, route.audit, route.quarantine])
    name = config["kafka"]["transactional_id"]
    allow(secure_kafka.bootstrap, "scrubber", ResourceType.TRANSACTIONAL_ID, name, AclOperation.WRITE)
    produce(secure_kafka.bootstrap, route.topics[0], [b"one from " + MAIL])
    with WorkerProcess(tmp_path, config) as worker:
        worker.until(lambda: len(read_topic(secure_kafka.bootstrap, route.clean)) == 1)
        forbid(secure_kafka, route.clean)
        produce(secure_kafka.bootstrap, route.topics[0], [b"two from " + MAIL])
        assert worker.wait() == Exit.FAILED
        assert "Topic authorization failed" in worker.said
        assert MAIL.decode() not in worker.said
    assert len(read_topic(secure_kafka.bootstrap, route.clean)) == 1


def test_a_worker_without_broker_says_what_it_waits_for_and_can_be_stopped(tmp_path):
    route = Route(["in"], "clean", "audit", "quarantine", "logs")
    with WorkerProcess(tmp_path, group_of(f"127.0.0.1:{free_port()}", route)) as worker:
        worker.until(lambda: '"event":"waiting_for"' in worker.said)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.wait(15) == Exit.OK
        assert "no broker can be used" in worker.said


def signed_in(kafka, password):
    """The `kafka` section of a configuration that signs in as `scrubber`."""
    sasl = {"mechanism": "SCRAM-SHA-512", "username": "scrubber", "password": password}
    tls = {"ca_file": str(kafka.security.authority)}
    return {"security": {"protocol": "SASL_SSL", "sasl": sasl, "tls": tls}}


def permit(kafka, config, outputs):
    """Reading the input, joining the group, writing to `outputs`; nothing else."""
    for topic in config["routes"][0]["topics"]:
        allow(kafka.bootstrap, "scrubber", ResourceType.TOPIC, topic, AclOperation.READ)
    allow(kafka.bootstrap, "scrubber", ResourceType.GROUP, config["kafka"]["group_id"], AclOperation.READ)
    for topic in outputs:
        allow(kafka.bootstrap, "scrubber", ResourceType.TOPIC, topic, AclOperation.WRITE)
        allow(kafka.bootstrap, "scrubber", ResourceType.TOPIC, topic, AclOperation.DESCRIBE_CONFIGS)


def forbid(kafka, topic):
    """Take every permission on a topic away."""
    everything = AclBindingFilter(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_acls([everything]).values():
        future.result(30)


def _limit(bootstrap, topic, size):
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(30)
