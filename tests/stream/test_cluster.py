"""What becomes of the errors of a cluster that is asked; the answers of real ones are in `test_admin.py`."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from scrubber.errors import FatalStreamError, RetriableStreamError
from scrubber.stream.cluster import Cluster, Refusal, Topic
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings

LOADING = KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
UNKNOWN = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
HANGS = object()


def future(answer):
    made = Future()
    if isinstance(answer, KafkaError):
        made.set_exception(KafkaException(answer))
    elif answer is not HANGS:
        made.set_result(answer)
    return made


class Admin:
    """Gives the prepared answers, one call after the other, the last one for ever."""

    def __init__(self, **answers):
        self.answers = {name: list(given) for name, given in answers.items()}

    def _next(self, name):
        given = self.answers[name]
        return given.pop(0) if len(given) > 1 else given[0]

    def list_topics(self, timeout):
        answer = self._next("list_topics")
        if isinstance(answer, KafkaError):
            raise KafkaException(answer)
        return answer

    def describe_topics(self, collection, **_):
        return {name: future(self._next("describe_topics")) for name in collection.topics}

    def describe_consumer_groups(self, groups, **_):
        return {group: future(self._next("describe_consumer_groups")) for group in groups}

    def describe_configs(self, resources, **_):
        return {resource: future(self._next("describe_configs")) for resource in resources}

    def create_topics(self, topics, **_):
        return {topic.topic: future(self._next("create_topics")) for topic in topics}


class TopicCollection:
    def __init__(self, topics):
        self.topics = topics


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setattr("scrubber.stream.cluster.TopicCollection", TopicCollection)
    monkeypatch.setattr("scrubber.stream.cluster._ASK_SECS", 0.1)

    def asked(**answers):
        settings = StreamSettings(KafkaSettings("127.0.0.1:1", "g", transactional_id="t"), (Route("r", ("a",)),))
        made = Cluster(settings, timeout_secs=0.3)
        made._admin = Admin(**answers)
        return made

    return asked


def described(partitions=1, operations=None):
    return SimpleNamespace(partitions=[None] * partitions, authorized_operations=operations)


def test_a_group_whose_coordinator_still_loads_is_asked_again(cluster):
    operation = SimpleNamespace(name="READ")
    answers = [LOADING, LOADING, SimpleNamespace(authorized_operations=[operation])]
    assert cluster(describe_consumer_groups=answers).group("g") == {"READ"}


def test_a_coordinator_that_never_loads_is_told(cluster):
    with pytest.raises(RetriableStreamError) as raised:
        cluster(describe_consumer_groups=[LOADING]).group("g")
    assert raised.value.code == "COORDINATOR_LOAD_IN_PROGRESS"


def test_a_cluster_without_authorizer_allows_everything(cluster):
    assert cluster(describe_consumer_groups=[described()]).group("g") is None
    assert cluster(describe_topics=[described(3)]).topics(["a"]) == {"a": Topic(3, None)}


def test_an_answer_that_never_comes_is_not_waited_for(cluster):
    with pytest.raises(RetriableStreamError, match="do not answer in time"):
        cluster(describe_topics=[HANGS]).topics(["a"])
    with pytest.raises(RetriableStreamError, match="was not created in time"):
        cluster(create_topics=[HANGS]).create({"a": 1}, -1)


def test_brokers_that_stop_answering_are_told(cluster):
    with pytest.raises(RetriableStreamError, match="do not answer"):
        cluster(list_topics=[KafkaError(KafkaError._TRANSPORT)]).names()


def test_nothing_is_asked_about_nothing(cluster):
    silent = cluster()
    assert silent.topics([]) == {}
    assert silent.message_limits([]) == {}
    silent.create({}, -1)


def test_a_topic_that_somebody_else_just_created_is_no_error(cluster):
    exists = KafkaError(KafkaError.TOPIC_ALREADY_EXISTS)
    cluster(create_topics=[exists], describe_topics=[UNKNOWN, described()]).create({"a": 1}, -1)


def test_a_created_topic_that_does_not_appear_is_told(cluster):
    with pytest.raises(RetriableStreamError, match="created, but not there yet: a"):
        cluster(create_topics=[None], describe_topics=[UNKNOWN]).create({"a": 1}, -1)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, FatalStreamError),
        (KafkaError.POLICY_VIOLATION, FatalStreamError),
        (KafkaError.INVALID_REPLICATION_FACTOR, RetriableStreamError),
        (KafkaError.NOT_CONTROLLER, RetriableStreamError),
        (KafkaError._TIMED_OUT, RetriableStreamError),
    ],
)
def test_only_what_a_person_must_mend_ends_the_attempt_to_create_topics(cluster, code, error):
    with pytest.raises(error):
        cluster(create_topics=[KafkaError(code)]).create({"a": 1}, -1)


def test_what_may_not_be_seen_is_told_apart_from_what_is_not_there(cluster):
    forbidden = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    assert cluster(describe_topics=[UNKNOWN]).topics(["a"]) == {"a": Refusal.MISSING}
    assert cluster(describe_topics=[forbidden]).topics(["a"]) == {"a": Refusal.FORBIDDEN}
    assert cluster(describe_configs=[forbidden]).message_limits(["a"]) == {}


def test_a_certificate_that_cannot_be_read_ends_the_attempt():
    security = {"security.protocol": "SSL", "ssl.ca.location": "/nowhere/ca.pem"}
    with pytest.raises(FatalStreamError, match=r"ssl\.ca\.location"):
        Cluster(StreamSettings(KafkaSettings("127.0.0.1:1", "g", security=security), ()))
