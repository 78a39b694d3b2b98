"""The table of what the mock cluster lacks (`LACKS`) is still true: a lack that was made good fails here."""

from __future__ import annotations

import pytest
from confluent_kafka import TopicPartition

from tests.contract.clusters import Worker
from tests.contract.conftest import LACKS
from tests.contract.drive import CALL_SECS, Member, started, transact, until
from tests.kafka_lab.topics import unique


def sees_open_transactions(mock):
    topic = mock.topic()
    producer = started(mock.clients(Worker(group=unique("g"), transactional_id=unique("t"))))
    transact(producer, topic, b"open")
    seen = mock.read(topic, committed=True)
    producer.close()
    return [each.value for each in seen] == [b"open"]


def forgets_transactional_offsets(mock):
    topic, who = mock.topic(), Worker(group=unique("g"), transactional_id=unique("t"))
    member, producer = Member(mock.clients(who), topic), started(mock.clients(who))
    until(lambda: bool(member.held), member)
    transact(producer, topic, b"v")
    producer.send_offsets_to_transaction([TopicPartition(topic, 0, 1)], member.metadata(), CALL_SECS)
    producer.commit_transaction(CALL_SECS)
    committed = member.consumer.committed([TopicPartition(topic, 0)], CALL_SECS)[0].offset
    member.close()
    producer.close()
    return committed < 0


def takes_records_of_any_size(mock):
    failed = []
    clients = mock.clients(Worker(group=unique("g"), message_max_bytes=3_000_000))
    producer = clients.producer(lambda _error: None, lambda error, _message: failed.append(error))
    producer.produce(mock.topic(max_message_bytes=1_000), b"x" * 2_000_000, partition=0)
    producer.flush(CALL_SECS)
    producer.close()
    return failed == []


def creates_topics_that_are_asked_for(mock):
    failed = []
    producer = mock.clients(Worker(group=unique("g"))).producer(lambda _e: None, lambda e, _m: failed.append(e))
    producer.produce(unique("missing"), b"v", partition=0)
    producer.flush(CALL_SECS)
    producer.close()
    return failed == []


SIGNS = {
    "transactions": [sees_open_transactions, forgets_transactional_offsets],
    "size_limits": [takes_records_of_any_size],
    "missing_topics": [creates_topics_that_are_asked_for],
}


def test_every_lack_in_the_table_has_a_sign_to_look_for():
    assert LACKS["mock"].keys() == SIGNS.keys()
    assert set(LACKS) == {"mock"}


@pytest.mark.parametrize("sign", [sign for signs in SIGNS.values() for sign in signs])
def test_the_mock_cluster_still_lacks_it(mock, sign):
    assert sign(mock)
