"""Who holds what, who is told, and when."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import KafkaError, TopicPartition

from scrubber.core.records import Partition
from tests.contract.clusters import Worker
from tests.contract.drive import CALL_SECS, Member, refused, spell, until
from tests.kafka_lab.topics import unique


@pytest.fixture
def group():
    return unique("group")


@pytest.fixture
def join(cluster, group):
    members = []

    def make(topic, **how):
        members.append(Member(cluster.clients(Worker(group=group, **how)), topic))
        return members[-1]

    yield make
    for member in members:
        member.close()


def everything(topic, count):
    return {Partition(topic, number) for number in range(count)}


def feed_all(cluster, topic, count, values):
    for number in range(count):
        cluster.feed(topic, values, number)


def test_a_lone_member_gets_all_and_is_told_once(cluster, join):
    topic = cluster.topic(3)
    member = join(topic)
    until(lambda: member.held == everything(topic, 3), member)
    assert [event.partitions for event in member.events if event.partitions] == [everything(topic, 3)]
    assert {event.kind for event in member.events} == {"assign"}


def test_callbacks_run_inside_consume_only(cluster, join):
    topic = cluster.topic()
    member = join(topic)
    time.sleep(1)
    assert member.events == []
    assert member.held == set()
    until(lambda: bool(member.held), member)


def test_a_joining_member_takes_its_share_and_nothing_else_moves(cluster, join):
    topic = cluster.topic(4)
    feed_all(cluster, topic, 4, [b"before"])
    first = join(topic)
    until(lambda: len(first.messages) == 4, first)
    second = join(topic)
    until(lambda: len(first.held) == 2 and len(second.held) == 2, first, second)
    assert first.told("revoke") == second.held
    assert first.told("assign") == everything(topic, 4)
    assert first.told("lost") == second.told("lost") == second.told("revoke") == set()
    feed_all(cluster, topic, 4, [b"after"])
    until(lambda: len(first.messages) == 6 and len(second.messages) >= 2, first, second)
    kept = [message for message in first.messages if message.value() == b"after"]
    assert {Partition(message.topic(), message.partition()) for message in kept} == first.held
    assert first.values.count(b"before") == 4


def test_a_partition_that_went_paused_comes_back_paused(cluster, join):
    topic = cluster.topic(2)
    first = join(topic)
    until(lambda: len(first.held) == 2, first)
    both = [TopicPartition(topic, number) for number in range(2)]
    first.consumer.pause(both)
    second = join(topic)
    until(lambda: len(first.held) == len(second.held) == 1, first, second)
    second.close()
    until(lambda: len(first.held) == 2, first)
    feed_all(cluster, topic, 2, [b"v"])
    spell([first], 1.0)
    assert first.messages == []
    first.consumer.resume(both)
    until(lambda: len(first.messages) == 2, first)


def test_no_partition_is_held_twice_at_any_time(cluster, join):
    topic = cluster.topic(4)
    members = [join(topic)]
    until(lambda: len(members[0].held) == 4, *members)
    members += [join(topic), join(topic)]
    deadline = time.monotonic() + 20
    while sorted(len(member.held) for member in members) != [1, 1, 2]:
        assert time.monotonic() < deadline
        for member in members:
            member.poll(10, 0.02)
            held = [partition for each in members for partition in each.held]
            assert len(held) == len(set(held))


def test_a_new_owner_starts_from_the_committed_offset(cluster, join):
    topic = cluster.topic(2)
    feed_all(cluster, topic, 2, [b"0", b"1", b"2"])
    first = join(topic)
    until(lambda: len(first.messages) == 6, first)
    first.consumer.commit(offsets=[TopicPartition(topic, number, 2) for number in (0, 1)], asynchronous=False)
    second = join(topic)
    until(lambda: bool(second.messages), first, second)
    assert second.values == [b"2"]


def test_what_a_member_leaves_goes_to_the_others_on_top(cluster, join):
    topic = cluster.topic(4)
    first, second = join(topic), join(topic)
    until(lambda: len(first.held) == 2 and len(second.held) == 2, first, second)
    left = second.held
    first.events.clear()
    second.close()
    assert second.events[-1] == ("revoke", left)
    until(lambda: first.held == everything(topic, 4), first)
    assert first.told("assign") == left
    assert first.told("revoke") == first.told("lost") == set()


def test_eager_members_give_up_everything_first(cluster, join):
    topic = cluster.topic(4)
    first = join(topic, assignment="range")
    until(lambda: len(first.held) == 4, first)
    second = join(topic, assignment="range")
    until(lambda: len(first.held) == 2 and len(second.held) == 2, first, second)
    held = frozenset()
    for kind, partitions in first.events:
        assert partitions == held or kind == "assign"
        held = partitions if kind == "assign" else frozenset()
    assert first.told("revoke") == everything(topic, 4)


def test_each_rebalance_has_a_generation_of_its_own_even_for_those_who_do_not_poll(cluster, join):
    topic = cluster.topic(2)
    first = join(topic)
    until(lambda: len(first.held) == 2, first)
    before = repr_of(first.metadata())
    second = join(topic)
    until(lambda: len(second.events) > 0, second)
    deadline = time.monotonic() + 10
    while repr_of(first.metadata()) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(first.held) == 2  # the new generation is known before what it takes away


def repr_of(metadata):
    """Metadata can be compared by content only: real ones are bytes to the client."""
    return metadata if isinstance(metadata, tuple) else bytes(metadata)


def test_a_dead_members_partitions_go_to_the_living_after_its_session(cluster, group, join):
    topic = cluster.topic(2)
    how = {"session_ms": 1_500}
    with cluster.doomed_member(Worker(group=group, **how), topic) as kill:
        heir = join(topic, **how)
        kill()
        until(lambda: heir.held == everything(topic, 2), heir)
    assert heir.told("lost") == set()


def test_a_member_that_does_not_poll_loses_everything_and_is_told_lost_not_revoked(cluster, join):
    topic = cluster.topic(2)
    slow = join(topic, session_ms=1_500, max_poll_ms=1_500)
    until(lambda: len(slow.held) == 2, slow)
    heir = join(topic, session_ms=1_500)
    until(lambda: len(slow.held) == 1 and len(heir.held) == 1, slow, heir)
    mine = slow.held
    slow.events.clear()
    until(lambda: len(heir.held) == 2, heir)
    until(lambda: bool(slow.told("lost")), slow, heir)
    assert slow.told("lost") == mine
    assert slow.told("revoke") == set()
    assert [error.code() for error in slow.errors] == [KafkaError._MAX_POLL_EXCEEDED]
    until(lambda: len(slow.held) == 1 and len(heir.held) == 1, slow, heir)


def test_a_commit_by_a_member_that_was_thrown_out_is_refused(cluster, join):
    topic = cluster.topic(1)
    slow = join(topic, session_ms=1_500, max_poll_ms=1_500)
    until(lambda: len(slow.held) == 1, slow)
    heir = join(topic, session_ms=1_500)
    until(lambda: len(heir.held) == 1, heir)
    place = TopicPartition(topic, 0, 1)
    error = refused(lambda: slow.consumer.commit(offsets=[place], asynchronous=False))
    assert error.code() in {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION}
    assert heir.consumer.committed([TopicPartition(topic, 0)], CALL_SECS)[0].offset < 0


def test_a_revoked_partition_cannot_be_sought_any_more(cluster, join):
    topic = cluster.topic(2)
    first = join(topic)
    until(lambda: len(first.held) == 2, first)
    second = join(topic)
    until(lambda: len(second.held) == 1, first, second)
    [gone] = second.held
    assert refused(lambda: first.consumer.seek(TopicPartition(*gone, 0))).code() == KafkaError._STATE


def test_an_exception_in_a_callback_costs_the_records_that_the_same_call_collected(cluster, group):
    topic = cluster.topic()
    cluster.feed(topic, [b"0", b"1"])
    consumer = cluster.clients(Worker(group=group)).consumer(lambda _error: None)

    def raising(_consumer, _partitions):
        raise ZeroDivisionError

    nothing = lambda _consumer, _partitions: None  # noqa: E731
    consumer.subscribe([topic], on_assign=raising, on_revoke=nothing, on_lost=nothing)
    with pytest.raises(ZeroDivisionError):
        consumer.consume(100, 3)
    assert [(place.topic, place.partition) for place in consumer.assignment()] == [(topic, 0)]
    assert consumer.consume(100, 0.5) == []
    consumer.seek(TopicPartition(topic, 0, 0))
    assert [message.value() for message in consumer.consume(2, 10)] == [b"0", b"1"]
    consumer.close()


@pytest.mark.parametrize("polled", [False, True])
def test_an_idle_member_closes_at_once(cluster, group, polled):
    member = Member(cluster.clients(Worker(group=group)), cluster.topic())
    if polled:
        until(lambda: bool(member.held), member)
        spell([member], 0.3)
    began = time.monotonic()
    member.close()
    assert time.monotonic() - began < 5
    assert member.told("lost") == set()
    assert member.told("revoke") == member.told("assign")
