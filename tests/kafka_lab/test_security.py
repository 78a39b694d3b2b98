"""A secured node lets in and allows exactly whom it was told to."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AclOperation, AdminClient, ResourceType

from tests.kafka_lab.security import allow
from tests.kafka_lab.topics import create_topic, produce, read_topic

pytestmark = pytest.mark.kafka


@pytest.fixture(params=["scram", "mtls", "oauth"])
def door(request, secure_kafka):
    """A way in: who one is there, and a client's settings."""
    security = secure_kafka.security
    return {
        "scram": ("scrubber", security.scram("scrubber")),
        "mtls": ("client", security.mtls()),
        "oauth": ("token-holder", security.oauth("token-holder")),
    }[request.param]


def test_every_door_lets_write_only_what_an_acl_allows(secure_kafka, door):
    user, client = door
    topic = create_topic(secure_kafka.bootstrap, "acl", partitions=1)
    allow(secure_kafka.bootstrap, user, ResourceType.TOPIC, topic, AclOperation.DESCRIBE)
    with pytest.raises(KafkaException) as refused:
        produce({**client, "enable.idempotence": False}, topic, [b"refused"])
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    allow(secure_kafka.bootstrap, user, ResourceType.TOPIC, topic, AclOperation.WRITE)
    produce(client, topic, [b"allowed"])
    assert [m.value() for m in read_topic(secure_kafka.bootstrap, topic)] == [b"allowed"]


def test_a_wrong_password_is_refused(secure_kafka):
    client = secure_kafka.security.scram("scrubber", "not-the-password")
    assert _refusal(client) == "_AUTHENTICATION"


def test_no_certificate_no_connection(secure_kafka):
    client = secure_kafka.security.mtls()
    del client["ssl.certificate.location"], client["ssl.key.location"]
    assert _refusal(client) in {"_SSL", "_TRANSPORT"}


def test_a_client_that_does_not_know_the_authority_does_not_connect(secure_kafka):
    client = secure_kafka.security.scram("scrubber")
    del client["ssl.ca.location"]
    assert _refusal(client) == "_SSL"


def _refusal(client) -> str:
    """The name of the first error that a client reports that cannot get in."""
    errors = []
    admin = AdminClient({**client, "error_cb": lambda error: errors.append(error.name()), "log_level": 0})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=2)
    admin.poll(1)
    return errors[0]
