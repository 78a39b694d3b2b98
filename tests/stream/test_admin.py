"""Does the cluster fit? Asked of Apache Kafka itself, open and secured."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation, AdminClient, NewTopic, ResourceType

from scrubber.config import load
from scrubber.errors import FatalStreamError, RetriableStreamError
from scrubber.stream.admin import create_missing, examine, output_limits, prepare, verify
from scrubber.stream.clients import KafkaClients
from scrubber.stream.cluster import Cluster, Refusal, Topic
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings
from tests.kafka_lab.fixtures import SECURE_USERS
from tests.kafka_lab.security import allow

OUTPUTS = ("clean", "audit", "quarantine")


class Notes:
    def __init__(self):
        self.happenings = []

    def emit(self, happening):
        self.happenings.append(happening)


def settings(bootstrap, *routes, group="g", security=None, **changes):
    kafka = KafkaSettings(bootstrap_servers=bootstrap, group_id=group, transactional_id="t", security=security or {})
    return StreamSettings(kafka=kafka, routes=routes, **changes)


def create(bootstrap, config=None, **partitions):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topics = [NewTopic(name.replace("_", "."), count, -1, config=config or {}) for name, count in partitions.items()]
    for future in admin.create_topics(topics).values():
        future.result(30)
    deadline = time.monotonic() + 30
    while not {topic.topic for topic in topics} <= set(admin.list_topics(timeout=10).topics):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def name():
    return f"t{uuid.uuid4().hex[:8]}"


def paths(problems):
    return [problem.path for problem in problems]


# -- a cluster of one's own making -------------------------------------------------------------------------------------


class KnownCluster:
    """One that has these topics, and says nothing of what is allowed."""

    def __init__(self, **partitions):
        self._partitions = partitions

    def topics(self, names):
        known = {name: Topic(count, None) for name, count in self._partitions.items()}
        return {name: known.get(name, Refusal.MISSING) for name in names}

    def group(self, _):
        return frozenset()


def test_a_topic_that_is_missing_says_whether_it_could_be_created():
    routes = Route("r", ("here",)), Route("s", ("nowhere",))
    found = examine(settings("x", *routes, group="g"), KnownCluster(here=3, **{"here.audit": 3})).missing
    partitions = {each.problem.path: each.partitions for each in found}
    inputs = {"routes[0].clean": 3, "routes[0].quarantine": 3}
    assert partitions == inputs | dict.fromkeys(["routes[1]", *(f"routes[1].{kind}" for kind in OUTPUTS)], 0)
    assert all(bool(each.partitions) == ("create_topics" in each.problem.hint) for each in found)


# -- an open cluster ---------------------------------------------------------------------------------------------------


@pytest.mark.kafka
def test_a_cluster_that_fits_has_no_problems(kafka):
    topic = name()
    create(kafka.bootstrap, **{topic: 3, f"{topic}_clean": 3, f"{topic}_audit": 4, f"{topic}_quarantine": 3})
    assert verify(settings(kafka.bootstrap, Route("r", (topic,)))) == []


@pytest.mark.kafka
def test_everything_that_does_not_fit_is_told_at_once(kafka):
    topic, other = name(), name()
    create(kafka.bootstrap, **{topic: 3, f"{topic}_clean": 2, f"{topic}_audit": 3})
    problems = verify(settings(kafka.bootstrap, Route("r", (topic,)), Route("s", (other,))))
    told = {problem.path: str(problem) for problem in problems}
    assert f"{topic}.clean has 2, {topic} has 3" in told["routes[0].clean"]
    assert "create it with 3 partitions" in told["routes[0].quarantine"]
    assert f"topic {other} does not exist" in told["routes[1]"]
    assert set(told) == {
        "routes[0].clean",
        "routes[0].quarantine",
        "routes[1]",
        *(f"routes[1].{kind}" for kind in OUTPUTS),
    }


@pytest.mark.kafka
def test_missing_outputs_are_created_with_the_partitions_of_their_largest_input(kafka):
    small, large = name(), name()
    create(kafka.bootstrap, **{small: 2, large: 5})
    shared = settings(kafka.bootstrap, Route("r", (small, large), audit=f"{small}.all"))
    with Cluster(shared) as cluster:
        created = create_missing(shared, cluster)
        assert created == {
            f"{small}.all": 5,
            **{f"{small}.{kind}": 2 for kind in ("clean", "quarantine")},
            **{f"{large}.{kind}": 5 for kind in ("clean", "quarantine")},
        }
        assert create_missing(shared, cluster) == {}
    assert verify(shared) == []


@pytest.mark.kafka
def test_limits_of_the_outputs_are_the_brokers(kafka):
    topic = name()
    create(kafka.bootstrap, **{topic: 1, f"{topic}_audit": 1, f"{topic}_quarantine": 1})
    create(kafka.bootstrap, {"max.message.bytes": "4242"}, **{f"{topic}_clean": 1})
    wanted = settings(kafka.bootstrap, Route("r", (topic,)))
    with Cluster(wanted) as cluster:
        assert output_limits(wanted, cluster)[f"{topic}.clean"] == 4242


@pytest.mark.kafka
def test_a_pattern_stands_for_the_topics_that_exist_but_never_for_its_own_outputs(kafka):
    prefix = name()
    create(kafka.bootstrap, **{f"{prefix}_a": 2, f"{prefix}_b": 1, f"{prefix}_odd_clean": 1})
    wanted = settings(kafka.bootstrap, Route("r", pattern=rf"{prefix}\..*"))
    with Cluster(wanted) as cluster:
        assert set(create_missing(wanted, cluster)) == {f"{prefix}.{t}.{kind}" for t in "ab" for kind in OUTPUTS}
        findings = examine(wanted, cluster)
    assert findings.missing == []
    (unread,) = findings.wrong
    assert f"{prefix}.odd.clean looks like an output and is never read" in unread.message


@pytest.mark.kafka
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
@pytest.mark.parametrize("hidden", [True, False])
def test_the_consumer_of_a_pattern_never_reads_what_the_worker_writes(kafka, protocol, hidden):
    prefix = name()
    create(kafka.bootstrap, **{f"{prefix}_a": 1, f"{prefix}_a_clean": 1})
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for topic in f"{prefix}.a", f"{prefix}.a.clean":
        producer.produce(topic, b"x", partition=0)
    producer.flush(30)
    clean = "{topic}.clean" if hidden else "elsewhere"
    route = Route("r", pattern=rf"{prefix}\..*", clean=clean)
    wanted = settings(kafka.bootstrap, route, group=prefix)
    wanted = replace(wanted, kafka=replace(wanted.kafka, group_protocol=protocol))
    consumer = KafkaClients(wanted).consumer(lambda _: None)
    ignore = lambda *_: None  # noqa: E731
    consumer.subscribe([rf"^{prefix}\..*$"], on_assign=ignore, on_revoke=ignore, on_lost=ignore)
    expected = {f"{prefix}.a"} if hidden else {f"{prefix}.a", f"{prefix}.a.clean"}
    seen, deadline = set(), time.monotonic() + 30
    while seen < expected and time.monotonic() < deadline:
        seen |= {message.topic() for message in consumer.consume(10, 0.2)}
    seen |= {message.topic() for message in consumer.consume(10, 1)}
    consumer.close()
    assert seen == expected


@pytest.mark.kafka
def test_a_record_far_over_the_fetch_size_is_read(kafka):
    topic = name()
    create(kafka.bootstrap, {"max.message.bytes": str(80 << 20)}, **{topic: 1})
    size = 20 << 20
    wanted = settings(kafka.bootstrap, Route("r", (topic,)), group=topic, delivery="at_least_once")
    clients, failed = KafkaClients(wanted), []
    producer = clients.producer(lambda _: None, lambda error, _: failed.append(error))
    producer.produce(topic, b"\0" * size, partition=0)
    assert producer.flush(60) == 0
    producer.close()
    consumer = clients.consumer(lambda _: None)
    ignore = lambda *_: None  # noqa: E731
    consumer.subscribe([topic], on_assign=ignore, on_revoke=ignore, on_lost=ignore)
    deadline = time.monotonic() + 60
    while not (messages := consumer.consume(1, 0.5)) and time.monotonic() < deadline:
        pass
    consumer.close()
    assert failed == []
    assert [len(message.value()) for message in messages] == [size]


@pytest.mark.kafka
def test_a_worker_waits_for_topics_that_are_still_to_come_and_says_so(kafka):
    topic = name()
    wanted = settings(kafka.bootstrap, Route("r", (topic,)), start_timeout_secs=60, create_topics=True)

    class CreatesTheInput(Notes):
        def emit(self, happening):
            super().emit(happening)
            if len(self.happenings) == 1:
                create(kafka.bootstrap, **{topic: 2})

    notes = CreatesTheInput()
    limits = prepare(wanted, notes)
    assert set(limits) == {f"{topic}.{kind}" for kind in OUTPUTS}
    assert f"topic {topic} does not exist" in notes.happenings[0].what
    assert notes.happenings[0].error == "UNKNOWN_TOPIC_OR_PART"


@pytest.mark.kafka
def test_a_worker_does_not_wait_for_what_only_a_person_can_mend(kafka):
    topic = name()
    create(kafka.bootstrap, **{topic: 2, f"{topic}_clean": 1, f"{topic}_audit": 2, f"{topic}_quarantine": 2})
    notes = Notes()
    with pytest.raises(FatalStreamError, match="partition count mismatch"):
        prepare(settings(kafka.bootstrap, Route("r", (topic,))), notes)
    assert notes.happenings == []


def test_a_worker_told_to_stop_does_not_wait_for_the_cluster():
    wanted = settings("127.0.0.1:1", Route("r", ("a",)), start_timeout_secs=600)
    notes, stopping = Notes(), threading.Event()
    stopping.set()
    with pytest.raises(RetriableStreamError, match="Connection refused"):
        prepare(wanted, notes, stopping=stopping, timeout_secs=1)
    assert notes.happenings == []


def test_a_cluster_that_is_not_there_is_one_problem():
    (problem,) = verify(settings("127.0.0.1:1", Route("r", ("a",))), timeout_secs=1)
    assert "Connection refused" in problem.message
    (problem,) = verify(settings("nowhere.invalid:9092", Route("r", ("a",))), timeout_secs=1)
    assert "Failed to resolve" in problem.message


# -- a secured one -----------------------------------------------------------------------------------------------------


def secured(kafka, properties, *routes):
    security = {key: value for key, value in properties.items() if key != "bootstrap.servers"}
    return settings(properties["bootstrap.servers"], *routes, security=security)


@pytest.fixture(scope="module")
def topic(secure_kafka):
    topic = name()
    create(secure_kafka.bootstrap, **{topic: 2, **{f"{topic}_{kind}": 2 for kind in OUTPUTS}})
    for user in "scrubber", "client":
        allow(secure_kafka.bootstrap, user, ResourceType.TOPIC, topic, AclOperation.READ)
        allow(secure_kafka.bootstrap, user, ResourceType.GROUP, "g", AclOperation.READ)
        for kind in OUTPUTS:
            allow(secure_kafka.bootstrap, user, ResourceType.TOPIC, f"{topic}.{kind}", AclOperation.WRITE)
    return topic


@pytest.mark.kafka
@pytest.mark.parametrize("way", ["scram", "mtls"])
def test_the_least_permissions_are_enough(secure_kafka, topic, way):
    who = secure_kafka.security.scram("scrubber") if way == "scram" else secure_kafka.security.mtls()
    wanted = secured(secure_kafka, who, Route("r", (topic,)))
    assert verify(wanted) == []
    assert prepare(wanted, Notes()) == {}  # limits may not be read; that is no problem


@pytest.mark.kafka
def test_missing_permissions_are_named_one_by_one(secure_kafka, topic):
    wanted = secured(secure_kafka, secure_kafka.security.scram("stranger"), Route("r", (topic,)))
    problems = verify(wanted)
    assert paths(problems) == ["routes[0]", *(f"routes[0].{kind}" for kind in OUTPUTS), "kafka.group_id"]
    assert problems[0].hint == "allow Read on it"
    assert problems[1].hint == "allow Write on it"
    with pytest.raises(FatalStreamError, match="is not allowed"):
        prepare(wanted, Notes())


@pytest.mark.kafka
def test_reading_does_not_stand_for_writing(secure_kafka, topic):
    wanted = secured(
        secure_kafka, secure_kafka.security.scram("scrubber"), Route("r", (topic,), clean=f"{topic}.clean2")
    )
    create(secure_kafka.bootstrap, **{f"{topic}_clean2": 2})
    allow(secure_kafka.bootstrap, "scrubber", ResourceType.TOPIC, f"{topic}.clean2", AclOperation.READ)
    assert paths(verify(wanted)) == ["routes[0].clean"]


@pytest.mark.kafka
def test_topics_that_may_not_be_created_are_named(secure_kafka, topic):
    allow(secure_kafka.bootstrap, "scrubber", ResourceType.TOPIC, f"{topic}.new", AclOperation.DESCRIBE)
    wanted = secured(secure_kafka, secure_kafka.security.scram("scrubber"), Route("r", (topic,), clean=f"{topic}.new"))
    with pytest.raises(FatalStreamError, match=f"{topic}.new cannot be created"):
        prepare(replace(wanted, create_topics=True), Notes())


@pytest.mark.kafka
def test_a_refused_password_is_said_at_once_and_not_printed(secure_kafka, topic):
    who = secure_kafka.security.scram("scrubber", SECURE_USERS["stranger"])
    started = time.monotonic()
    (problem,) = verify(secured(secure_kafka, who, Route("r", (topic,))), timeout_secs=60)
    assert "refuse the credentials" in problem.message
    assert SECURE_USERS["stranger"] not in problem.message
    assert time.monotonic() - started < 30
    with pytest.raises(FatalStreamError, match="refuse the credentials"):
        prepare(secured(secure_kafka, who, Route("r", (topic,))), Notes())


@pytest.mark.kafka
def test_what_is_wrong_with_certificates_is_said_in_words(secure_kafka, topic):
    def told(properties, *without):
        properties = {key: value for key, value in properties.items() if key not in without}
        (problem,) = verify(secured(secure_kafka, properties, Route("r", (topic,))), timeout_secs=1.5)
        return problem.message

    scram, mtls = secure_kafka.security.scram("scrubber"), secure_kafka.security.mtls()
    assert "kafka.security.tls.ca_file" in told(scram, "ssl.ca.location")
    assert "kafka.security.tls.cert_file" in told(mtls, "ssl.certificate.location", "ssl.key.location")
    assert "is SSL (kafka.security.protocol) what they speak?" in told(
        {**mtls, "bootstrap.servers": secure_kafka.bootstrap}
    )
    plain = {"bootstrap.servers": scram["bootstrap.servers"], "security.protocol": "PLAINTEXT"}
    assert "is PLAINTEXT (kafka.security.protocol) what they speak?" in told(plain)
    assert "refuse the credentials" in told({**scram, "sasl.mechanism": "PLAIN"})


class TokenEndpoint(ThreadingHTTPServer):
    """Gives unsigned tokens for one subject, which Kafka's handler for tests takes, to one client."""

    def __init__(self, secret):
        super().__init__(("127.0.0.1", 0), TokenHandler)
        self.wanted = "Basic " + base64.b64encode(f"scrubber-client:{secret}".encode()).decode()
        self.url = f"http://127.0.0.1:{self.server_port}/token"

    @property
    def token(self):
        now = int(time.time())
        parts = {"alg": "none"}, {"sub": "scrubber", "iat": now, "exp": now + 300}
        return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


class TokenHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        known = self.headers["authorization"] == self.server.wanted
        answer = json.dumps({"access_token": self.server.token, "expires_in": 300, "token_type": "Bearer"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def token_endpoint():
    with TokenEndpoint("made-up-secret") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.kafka
def test_client_credentials_get_a_token_and_are_never_printed(secure_kafka, topic, token_endpoint, tmp_path, capfd):
    def told(secret):
        oauth = {"token_endpoint_url": token_endpoint.url, "client_id": "scrubber-client", "client_secret": secret}
        security = {
            "protocol": "SASL_SSL",
            "sasl": {"mechanism": "OAUTHBEARER", "oauth": oauth},
            "tls": {"ca_file": str(secure_kafka.security.authority)},
        }
        kafka = {"bootstrap_servers": secure_kafka.security.listeners["OAUTH"], "group_id": "g", "security": security}
        file = tmp_path / "scrubber.yaml"
        file.write_text(yaml.safe_dump({"kafka": kafka, "routes": [{"topics": [topic]}]}))
        return [problem.message for problem in verify(load(file, {}).stream, timeout_secs=2)]

    assert told("made-up-secret") == []
    (message,) = told("another-secret")
    assert "Failed to acquire SASL OAUTHBEARER token" in message
    printed = message + "".join(capfd.readouterr())
    assert token_endpoint.token.partition(".")[0] not in printed
    assert "another-secret" not in printed
