"""Records go in and come out: every byte, every header, in order, as often as asked for."""

from __future__ import annotations

import random
import time

import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, TopicPartition

from scrubber.core.records import Partition
from tests.contract.clusters import Worker
from tests.contract.drive import CALL_SECS, Member, refused, until
from tests.kafka_lab.topics import unique


@pytest.fixture
def worker():
    return Worker(group=unique("group"))


@pytest.fixture
def clients(cluster, worker):
    return cluster.clients(worker)


@pytest.fixture
def producer(clients):
    made = clients.producer(lambda _error: None, lambda error, _message: pytest.fail(error.str()))
    yield made
    made.close()


@pytest.fixture
def join(clients):
    members = []

    def make(*topics):
        members.append(Member(clients, *topics))
        return members[-1]

    yield make
    for member in members:
        member.close()


def numbers(first, last):
    return [b"%d" % number for number in range(first, last)]


def test_a_record_comes_back_as_it_was_sent(cluster, producer, join):
    topic = cluster.topic(3)
    headers = [("trace", b"\x00\xff"), ("no value", None), ("trace", b"again"), ("empty", b"")]
    producer.produce(topic, b'{"a":\x00}', b"key", 2, timestamp=1_600_000_000_123, headers=headers)
    assert producer.flush(CALL_SECS) == 0
    member = join(topic)
    until(lambda: bool(member.messages), member)
    message = member.messages[0]
    assert (message.topic(), message.partition(), message.offset()) == (topic, 2, 0)
    assert (message.key(), message.value()) == (b"key", b'{"a":\x00}')
    assert message.timestamp()[1] == 1_600_000_000_123
    assert message.headers() == headers
    assert message.error() is None


def test_a_record_without_headers_has_none_and_no_timestamp_means_now(cluster, producer, join):
    topic = cluster.topic()
    producer.produce(topic, b"v", partition=0)
    producer.flush(CALL_SECS)
    member = join(topic)
    until(lambda: bool(member.messages), member)
    assert member.messages[0].headers() is None
    assert member.messages[0].key() is None
    assert abs(member.messages[0].timestamp()[1] / 1000 - time.time()) < 60


def test_a_tombstone_an_empty_value_and_an_empty_key_stay_what_they_are(cluster, producer, join):
    topic = cluster.topic()
    for value, key in ((None, b"k"), (b"", b"k"), (b"v", b""), (b"v", None)):
        producer.produce(topic, value, key, 0)
    producer.flush(CALL_SECS)
    member = join(topic)
    until(lambda: len(member.messages) == 4, member)
    found = [(message.value(), message.key()) for message in member.messages]
    assert found == [(None, b"k"), (b"", b"k"), (b"v", b""), (b"v", None)]


def test_a_record_without_a_partition_follows_its_key(cluster, producer, join):
    topic = cluster.topic(4)
    for _ in range(3):
        for key in (b"a", b"b", b"c", b"d", b"e"):
            producer.produce(topic, b"v", key)
    producer.flush(CALL_SECS)
    member = join(topic)
    until(lambda: len(member.messages) == 15, member)
    places = {(message.key(), message.partition()) for message in member.messages}
    assert len(places) == 5
    assert len({partition for _, partition in places}) > 1


def test_records_of_a_partition_keep_their_order_and_offsets_rise(cluster, join):
    topic = cluster.topic(2)
    for partition in (0, 1):
        cluster.feed(topic, numbers(0, 300), partition)
    member = join(topic)
    until(lambda: len(member.messages) == 600, member)
    for partition in (0, 1):
        mine = [message for message in member.messages if message.partition() == partition]
        assert [message.value() for message in mine] == numbers(0, 300)
        assert [message.offset() for message in mine] == list(range(300))


def test_consume_gives_no_more_than_asked_for_and_waits_only_for_what_is_not_there(cluster, join):
    topic = cluster.topic()
    cluster.feed(topic, numbers(0, 10))
    member = join(topic)
    assert len(member.poll(4, CALL_SECS)) == 4
    began = time.monotonic()
    assert member.poll(100, 0.5) == member.messages[4:]
    assert 0.45 < time.monotonic() - began < 5
    assert member.values == numbers(0, 10)


def test_seek_goes_to_that_record_and_on_from_there(cluster, join):
    topic = cluster.topic()
    cluster.feed(topic, numbers(0, 50))
    member = join(topic)
    until(lambda: len(member.messages) >= 20, member)
    member.messages.clear()
    member.consumer.seek(TopicPartition(topic, 0, 5))
    until(lambda: len(member.messages) >= 45, member)
    assert member.values == numbers(5, 50)


def test_seek_knows_the_beginning_and_the_end(cluster, join):
    topic = cluster.topic()
    cluster.feed(topic, numbers(0, 5))
    member = join(topic)
    until(lambda: len(member.messages) == 5, member)
    member.consumer.seek(TopicPartition(topic, 0, OFFSET_BEGINNING))
    until(lambda: len(member.messages) == 10, member)
    member.consumer.seek(TopicPartition(topic, 0, OFFSET_END))
    member.poll(10, 0.5)
    cluster.feed(topic, [b"new"])
    until(lambda: len(member.messages) > 10, member)
    assert member.values == [*numbers(0, 5), *numbers(0, 5), b"new"]


def test_a_partition_one_never_held_cannot_be_sought_and_pausing_it_does_nothing(cluster, join):
    topic, other = cluster.topic(), cluster.topic()
    member = join(topic)
    until(lambda: bool(member.held), member)
    assert refused(lambda: member.consumer.seek(TopicPartition(other, 0, 0))).code() == KafkaError._UNKNOWN_PARTITION
    member.consumer.pause([TopicPartition(other, 0)])
    member.consumer.resume([TopicPartition(other, 0)])


def test_a_paused_partition_is_silent_and_loses_nothing(cluster, join):
    topic = cluster.topic(2)
    for partition in (0, 1):
        cluster.feed(topic, numbers(0, 10), partition)
    member = join(topic)
    until(lambda: len(member.messages) == 20, member)
    member.consumer.pause([TopicPartition(topic, 0)])
    for partition in (0, 1):
        cluster.feed(topic, numbers(10, 20), partition)
    until(lambda: len(member.messages) == 30, member)
    member.poll(10, 0.3)
    assert {message.partition() for message in member.messages[20:]} == {1}
    member.consumer.resume([TopicPartition(topic, 0)])
    until(lambda: len(member.messages) == 40, member)
    for partition in (0, 1):
        assert [m.value() for m in member.messages if m.partition() == partition] == numbers(0, 20)


def test_watermarks_are_the_first_offset_and_the_one_after_the_last(cluster, join):
    topic = cluster.topic(2)
    cluster.feed(topic, numbers(0, 7), 1)
    member = join(topic)
    assert member.consumer.get_watermark_offsets(TopicPartition(topic, 0), CALL_SECS) == (0, 0)
    assert member.consumer.get_watermark_offsets(TopicPartition(topic, 1), CALL_SECS) == (0, 7)


@pytest.mark.needs("missing_topics")
def test_a_missing_partition_has_no_watermarks(cluster, join):
    member = join(cluster.topic())
    error = refused(lambda: member.consumer.get_watermark_offsets(TopicPartition(unique("missing"), 0), CALL_SECS))
    assert error.code() == KafkaError._UNKNOWN_PARTITION


def test_a_group_without_offsets_begins_where_the_settings_say(cluster):
    topic = cluster.topic()
    cluster.feed(topic, [b"old"])
    late = Member(cluster.clients(Worker(group=unique("late"), reset="latest")), topic)
    until(lambda: Partition(topic, 0) in late.held, late)
    late.poll(1, 0.5)
    cluster.feed(topic, [b"new"])
    until(lambda: bool(late.messages), late)
    assert late.values == [b"new"]
    late.close()


def test_committed_offsets_survive_a_restart(cluster, clients):
    topic = cluster.topic(2)
    cluster.feed(topic, numbers(0, 10))
    first = Member(clients, topic)
    until(lambda: len(first.messages) == 10, first)
    first.consumer.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)
    first.close()
    second = Member(clients, topic)
    until(lambda: len(second.messages) == 6, second)
    assert second.values == numbers(4, 10)
    places = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
    committed = second.consumer.committed(places, CALL_SECS)
    assert [(place.partition, max(place.offset, -1)) for place in committed] == [(0, 4), (1, -1)]
    second.close()


def test_an_asynchronous_commit_arrives_by_the_time_the_member_has_left(cluster, clients):
    topic = cluster.topic()
    cluster.feed(topic, numbers(0, 3))
    first = Member(clients, topic)
    until(lambda: len(first.messages) == 3, first)
    assert first.consumer.commit(offsets=[TopicPartition(topic, 0, 3)], asynchronous=True) is None
    first.close()
    second = Member(clients, topic)
    until(lambda: bool(second.held), second)
    assert second.consumer.committed([TopicPartition(topic, 0)], CALL_SECS)[0].offset == 3
    assert second.poll(1, 0.5) == []
    second.close()


def test_a_topic_pattern_takes_all_topics_that_match(cluster, clients):
    one, two = cluster.topic(), cluster.topic()
    member = Member(clients, f"^{one}$", f"^{two}$")
    until(lambda: member.held == {Partition(one, 0), Partition(two, 0)}, member)
    member.close()


@pytest.mark.needs("missing_topics")
def test_a_missing_topic_is_told_as_a_message_and_the_others_go_on(cluster, join):
    topic = cluster.topic()
    cluster.feed(topic, [b"v"])
    member = join(topic, unique("missing"))
    until(lambda: bool(member.errors) and bool(member.messages), member)
    assert {error.code() for error in member.errors} == {KafkaError.UNKNOWN_TOPIC_OR_PART}


@pytest.mark.needs("missing_topics")
@pytest.mark.parametrize("partition", [0, 7])
def test_a_record_that_has_nowhere_to_go_is_reported(cluster, clients, partition):
    topic = cluster.topic() if partition else unique("missing")
    failed = []
    producer = clients.producer(lambda _error: None, lambda error, message: failed.append((error, message.value())))
    try:
        producer.produce(topic, b"v", partition=partition)
    except Exception as exception:  # noqa: BLE001 - told at once where the client knows the topic already
        failed.append((exception.args[0], b"v"))
    assert producer.flush(CALL_SECS) == 0
    [(error, value)] = failed
    assert error.code() in {KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART}
    assert value == b"v"
    producer.close()


def test_a_record_over_the_clients_limit_is_refused_at_once(cluster):
    producer = cluster.clients(Worker(group=unique("g"), message_max_bytes=5_000)).producer(
        lambda _e: None, pytest.fail
    )
    error = refused(lambda: producer.produce(cluster.topic(), b"x" * 5_001, partition=0))
    assert error.code() == KafkaError.MSG_SIZE_TOO_LARGE
    producer.close()


@pytest.mark.needs("size_limits")
def test_a_record_over_the_topics_limit_is_reported_though_nothing_is_left_to_flush(cluster, clients):
    topic = cluster.topic(max_message_bytes=5_000)
    failed = []
    producer = clients.producer(lambda _error: None, lambda error, message: failed.append((error, message)))
    producer.produce(topic, random.Random(1).randbytes(8_000), b"k", 0)
    assert producer.flush(CALL_SECS) == 0
    [(error, message)] = failed
    assert error.code() == KafkaError.MSG_SIZE_TOO_LARGE
    assert (message.topic(), message.partition(), message.key()) == (topic, 0, b"k")
    producer.close()


def test_closed_clients_say_so(cluster, clients):
    consumer, producer = clients.consumer(lambda _e: None), clients.producer(lambda _e: None, pytest.fail)
    consumer.close()
    producer.close()
    with pytest.raises(RuntimeError):
        consumer.consume(1, 0)
    with pytest.raises(RuntimeError):
        producer.produce("any", b"v")
    consumer.close()
    producer.close()
