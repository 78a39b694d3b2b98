"""What the exactly-once promise stands on."""

from __future__ import annotations

import contextlib
import random
import time

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from tests.contract.clusters import Worker
from tests.contract.drive import CALL_SECS, Member, refused, spell, started, transact, until
from tests.kafka_lab.topics import unique

pytestmark = [
    pytest.mark.needs("transactions"),
    pytest.mark.filterwarnings("ignore:Producer abort_transaction failed during close:RuntimeWarning"),
]


@pytest.fixture
def worker():
    return Worker(group=unique("group"), transactional_id=unique("txn"))


@pytest.fixture
def start(cluster, worker):
    """Start producers; all are closed afterwards, whatever has become of them."""
    made = []

    def make(who=worker, **how):
        made.append(started(cluster.clients(who), **how))
        return made[-1]

    yield make
    for producer in made:
        with contextlib.suppress(KafkaException):  # fenced: see test_closing_a_fenced_producer
            producer.close()


@pytest.fixture
def out(cluster):
    return cluster.topic()


@pytest.fixture
def source(cluster):
    topic = cluster.topic(2)
    for partition in (0, 1):
        cluster.feed(topic, [b"%d" % number for number in range(10)], partition)
    return topic


@pytest.fixture
def join(cluster, worker, source):
    members = []

    def make(**how):
        who = Worker(**{**worker.__dict__, "transactional_id": None, **how})
        members.append(Member(cluster.clients(who), source))
        return members[-1]

    yield make
    for member in members:
        member.close()


@pytest.fixture
def member(join):
    made = join()
    until(lambda: len(made.held) == 2, made)
    return made


def values(seen):
    return [each.value for each in seen]


def offset(member, topic, partition=0):
    return member.consumer.committed([TopicPartition(topic, partition)], CALL_SECS)[0].offset


# What readers see


def test_an_open_transaction_is_hidden_and_so_is_all_that_follows_it(cluster, start, out):
    producer = start()
    transact(producer, out, b"open")
    cluster.feed(out, [b"after"])
    assert values(cluster.read(out)) == []
    assert values(cluster.read(out, committed=False)) == [b"open", b"after"]
    producer.commit_transaction(CALL_SECS)
    assert values(cluster.read(out)) == [b"open", b"after"]


def test_a_commit_shows_all_topics_at_once(cluster, start):
    topics = [cluster.topic() for _ in range(3)]
    producer = start()
    producer.begin_transaction()
    for topic in topics:
        producer.produce(topic, b"v", partition=0)
    producer.flush(CALL_SECS)
    assert [values(cluster.read(topic)) for topic in topics] == [[], [], []]
    producer.commit_transaction(CALL_SECS)
    assert [values(cluster.read(topic)) for topic in topics] == [[b"v"]] * 3


def test_an_aborted_transaction_stays_hidden_for_ever(cluster, start, out):
    producer = start()
    for number, end in enumerate(("commit", "abort", "commit")):
        transact(producer, out, b"%d" % number)
        (producer.commit_transaction if end == "commit" else producer.abort_transaction)(CALL_SECS)
    assert values(cluster.read(out)) == [b"0", b"2"]
    assert values(cluster.read(out, committed=False)) == [b"0", b"1", b"2"]


def test_markers_take_offsets(cluster, start, out):
    producer = start()
    transact(producer, out, b"a", b"b", b"c")
    producer.commit_transaction(CALL_SECS)
    transact(producer, out, b"d")
    producer.abort_transaction(CALL_SECS)
    transact(producer, out, b"e")
    producer.commit_transaction(CALL_SECS)
    assert [each.offset for each in cluster.read(out)] == [0, 1, 2, 6]
    assert [each.offset for each in cluster.read(out, committed=False)] == [0, 1, 2, 4, 6]


def test_a_transaction_without_records_leaves_nothing(cluster, start, out, member, source):
    producer = start()
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.send_offsets_to_transaction([], member.metadata(), CALL_SECS)
        producer.send_offsets_to_transaction([TopicPartition(source, 0, -1001)], member.metadata(), CALL_SECS)
        end(CALL_SECS)
    cluster.feed(out, [b"v"])
    assert [each.offset for each in cluster.read(out, committed=False)] == [0]


def test_a_reader_in_a_group_gets_committed_records_and_the_watermark_of_what_is_stable(cluster, start, join, source):
    producer = start()
    transact(producer, source, b"aborted")
    producer.abort_transaction(CALL_SECS)
    transact(producer, source, b"committed")
    producer.commit_transaction(CALL_SECS)
    transact(producer, source, b"open")
    member = join()
    until(lambda: b"committed" in member.values, member)
    member.poll(10, 0.5)
    assert {b"aborted", b"open"} & set(member.values) == set()
    assert member.consumer.get_watermark_offsets(TopicPartition(source, 0), CALL_SECS) == (0, 14)


# Offsets


def test_offsets_count_when_their_transaction_commits_and_only_then(start, member, source, out):
    producer = start()
    transact(producer, out, b"a")
    producer.send_offsets_to_transaction([TopicPartition(source, 0, 7)], member.metadata(), CALL_SECS)
    producer.commit_transaction(CALL_SECS)
    assert offset(member, source) == 7
    transact(producer, out, b"b")
    producer.send_offsets_to_transaction([TopicPartition(source, 0, 9)], member.metadata(), CALL_SECS)
    producer.abort_transaction(CALL_SECS)
    assert offset(member, source) == 7


def test_offsets_in_an_open_transaction_cannot_be_read(start, member, source, out):
    producer = start()
    transact(producer, out, b"a")
    producer.send_offsets_to_transaction([TopicPartition(source, 0, 7)], member.metadata(), CALL_SECS)
    error = refused(lambda: member.consumer.committed([TopicPartition(source, 0)], 1))
    assert error.code() == KafkaError._TIMED_OUT
    assert offset(member, source, 1) < 0
    producer.commit_transaction(CALL_SECS)
    assert offset(member, source) == 7


def test_a_new_owner_waits_for_offsets_that_an_open_transaction_holds(start, join, source, out):
    producer = start()
    first = join()
    until(lambda: len(first.held) == 2, first)
    transact(producer, out, b"a")
    places = [TopicPartition(source, partition, 6) for partition in (0, 1)]
    producer.send_offsets_to_transaction(places, first.metadata(), CALL_SECS)
    first.close()
    second = join()
    until(lambda: len(second.held) == 2, second)
    assert second.poll(10, 0.5) == []
    producer.commit_transaction(CALL_SECS)
    until(lambda: len(second.messages) == 8, second)
    assert sorted(second.values) == sorted([b"6", b"7", b"8", b"9"] * 2)


def rebalance_while_offsets_are_held(start, source, out, make):
    """Values that two members are given from the start of the source, while an open transaction holds offset 8."""
    producer = start()
    first = make()
    until(lambda: len(first.held) == 2, first)
    transact(producer, out, b"a")
    places = [TopicPartition(source, partition, 8) for partition in (0, 1)]
    producer.send_offsets_to_transaction(places, first.metadata(), CALL_SECS)
    first.close()
    heirs = [make()]
    until(lambda: len(heirs[0].held) == 2, *heirs)
    spell(heirs, 0.5)
    heirs.append(make())
    until(lambda: all(len(heir.held) == 1 for heir in heirs), *heirs)
    spell(heirs, 1)
    return producer, heirs


def test_the_client_forgets_to_wait_for_held_offsets_when_the_group_rebalances(start, join, source, out):
    """A bug of librdkafka 2.16 that would break exactly once; when this fails, rule 1 of `Placement` can go."""
    producer, heirs = rebalance_while_offsets_are_held(start, source, out, join)
    assert heirs[0].values == [b"%d" % number for number in range(10)]
    producer.commit_transaction(CALL_SECS)


def test_partitions_taken_paused_wait_for_the_place_they_are_sent_to_whatever_is_held(
    cluster, start, worker, source, out
):
    members = []

    def make():
        members.append(Member(cluster.clients(Worker(group=worker.group)), source, start_at=0))
        return members[-1]

    producer, heirs = rebalance_while_offsets_are_held(start, source, out, make)
    assert [heir.values for heir in heirs] == [[], []]
    producer.commit_transaction(CALL_SECS)
    for heir in heirs:
        [partition] = heir.held
        place = TopicPartition(*partition, offset(heir, source, partition.partition))
        heir.consumer.seek(place)
        heir.consumer.resume([place])
        until(lambda heir=heir: len(heir.messages) == 2, heir)
    assert [heir.values for heir in heirs] == [[b"8", b"9"]] * 2
    for member in members:
        member.close()


def test_a_stale_generation_is_refused_and_the_producer_lives_on(start, join, source, out, cluster):
    first = join()
    until(lambda: len(first.held) == 2, first)
    stale = first.metadata()
    second = join()
    until(lambda: len(second.held) == 1, first, second)
    producer = start()
    transact(producer, out, b"a")
    place = [TopicPartition(source, 0, 7)]
    error = refused(lambda: producer.send_offsets_to_transaction(place, stale, CALL_SECS))
    assert (error.code(), error.fatal(), error.txn_requires_abort()) == (KafkaError.ILLEGAL_GENERATION, False, True)
    again = refused(lambda: producer.commit_transaction(CALL_SECS))
    assert (again.code(), again.txn_requires_abort()) == (error.code(), True)
    assert refused(lambda: producer.produce(out, b"b", partition=0)).code() == KafkaError._STATE
    producer.abort_transaction(CALL_SECS)
    transact(producer, out, b"c")
    producer.send_offsets_to_transaction(place, first.metadata(), CALL_SECS)
    producer.commit_transaction(CALL_SECS)
    assert values(cluster.read(out)) == [b"c"]
    assert offset(first, source) == 7


def test_a_member_that_left_is_refused(start, member, join, source, out):
    leaver = join()
    until(lambda: len(leaver.held) == 1, member, leaver)
    metadata = leaver.metadata()
    leaver.close()
    producer = start()
    transact(producer, out, b"a")
    place = [TopicPartition(source, 0, 7)]
    error = refused(lambda: producer.send_offsets_to_transaction(place, metadata, CALL_SECS))
    assert (error.code(), error.txn_requires_abort()) == (KafkaError.UNKNOWN_MEMBER_ID, True)
    producer.abort_transaction(CALL_SECS)


def test_the_broker_does_not_ask_who_owns_the_partition(start, join, source, out):
    first, second = join(), join()
    until(lambda: len(first.held) == 1 and len(second.held) == 1, first, second)
    [foreign] = second.held
    producer = start()
    transact(producer, out, b"a")
    producer.send_offsets_to_transaction([TopicPartition(*foreign, 3)], first.metadata(), CALL_SECS)
    producer.commit_transaction(CALL_SECS)
    assert offset(first, source, foreign.partition) == 3


# Fencing


def fenced(error):
    return error.code() == KafkaError._FENCED and error.fatal() and not error.txn_requires_abort()


@pytest.mark.parametrize("call", ["send", "commit", "abort"])
def test_a_zombie_is_fenced_and_what_it_wrote_stays_hidden(cluster, start, member, out, call):
    zombie = start()
    transact(zombie, out, b"old")
    successor = start()
    transact(successor, out, b"new")
    successor.commit_transaction(CALL_SECS)
    calls = {
        "send": lambda: zombie.send_offsets_to_transaction([TopicPartition(out, 0, 7)], member.metadata(), CALL_SECS),
        "commit": lambda: zombie.commit_transaction(CALL_SECS),
        "abort": lambda: zombie.abort_transaction(CALL_SECS),
    }
    assert fenced(refused(calls[call]))
    assert fenced(refused(lambda: zombie.commit_transaction(CALL_SECS)))
    assert fenced(refused(lambda: zombie.poll(0)))
    zombie.poll(0)  # told once
    assert values(cluster.read(out)) == [b"new"]


def test_a_zombie_that_produces_hears_of_it_in_disguise_first(start, out):
    zombie = start()
    zombie.begin_transaction()
    start()
    zombie.produce(out, b"1", partition=0)
    deadline = time.monotonic() + 10
    error = None
    while error is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        try:
            zombie.produce(out, b"2", partition=0)
        except Exception as exception:  # noqa: BLE001 - looked at below
            error = exception.args[0]
    assert (error.code(), error.fatal(), error.txn_requires_abort()) == (KafkaError._FATAL, False, False)
    assert fenced(refused(lambda: zombie.poll(1)))
    zombie.poll(0)
    assert fenced(refused(lambda: zombie.commit_transaction(CALL_SECS)))


def test_the_next_holder_of_an_id_aborts_what_was_left_open(cluster, start, out):
    transact(start(), out, b"left")
    start()
    cluster.feed(out, [b"v"])
    assert [(each.offset, each.value) for each in cluster.read(out)] == [(2, b"v")]


def test_closing_a_producer_aborts_its_transaction(cluster, start, out):
    producer = start()
    transact(producer, out, b"left")
    producer.close()
    cluster.feed(out, [b"v"])
    assert [(each.offset, each.value) for each in cluster.read(out)] == [(2, b"v")]


def test_closing_a_fenced_producer_tells_it_unless_that_was_told_and_closes_all_the_same(start, out):
    zombie = start()
    transact(zombie, out, b"old")
    start()
    assert fenced(refused(zombie.close))
    with pytest.raises(RuntimeError):
        zombie.produce(out, b"v")
    knowing = start()
    transact(knowing, out, b"old")
    start()
    assert fenced(refused(lambda: knowing.commit_transaction(CALL_SECS)))
    assert fenced(refused(lambda: knowing.poll(0)))
    knowing.close()


def test_a_transaction_past_its_time_is_aborted_and_its_owner_fenced(cluster, start, worker, out):
    hasty = Worker(**{**worker.__dict__, "transaction_ms": 1_000})
    producer = start(hasty)
    transact(producer, out, b"late")
    cluster.feed(out, [b"v"])
    deadline = time.monotonic() + 20
    while values(cluster.read(out)) != [b"v"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert fenced(refused(lambda: producer.commit_transaction(CALL_SECS)))


# Errors short of the end


@pytest.mark.parametrize("misuse", ["commit", "abort", "produce", "send", "init", "begin"])
def test_a_call_out_of_turn_is_a_state_error_and_harmless(cluster, start, member, out, misuse):
    producer = start()
    calls = {
        "commit": producer.commit_transaction,
        "abort": producer.abort_transaction,
        "produce": lambda: producer.produce(out, b"v", partition=0),
        "send": lambda: producer.send_offsets_to_transaction([TopicPartition(out, 0, 1)], member.metadata(), CALL_SECS),
        "init": lambda: producer.init_transactions(CALL_SECS),
        "begin": producer.begin_transaction,
    }
    if misuse == "begin":
        producer.begin_transaction()
    error = refused(calls[misuse])
    assert (error.code(), error.fatal(), error.txn_requires_abort()) == (KafkaError._STATE, False, False)
    if misuse != "begin":
        producer.begin_transaction()
    producer.produce(out, b"v", partition=0)
    producer.commit_transaction(CALL_SECS)
    assert values(cluster.read(out)) == [b"v"]


def test_a_record_over_the_topics_limit_costs_this_transaction_and_the_next_attempt(cluster, start, out):
    small = cluster.topic(max_message_bytes=5_000)
    failed = []
    producer = start(on_delivery_error=lambda error, message: failed.append((error.code(), message.topic())))
    producer.begin_transaction()
    producer.produce(out, b"same transaction", partition=0)
    producer.produce(small, random.Random(1).randbytes(8_000), partition=0)
    error = refused(lambda: producer.commit_transaction(CALL_SECS))
    assert (error.code(), error.fatal(), error.txn_requires_abort()) == (KafkaError.MSG_SIZE_TOO_LARGE, False, True)
    assert (KafkaError.MSG_SIZE_TOO_LARGE, small) in failed
    producer.abort_transaction(CALL_SECS)

    producer.begin_transaction()  # the refused batch has used up sequence numbers
    producer.produce(small, b"fits", partition=0)
    error = refused(lambda: producer.commit_transaction(CALL_SECS))
    assert (error.code(), error.txn_requires_abort()) == (KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, True)
    producer.abort_transaction(CALL_SECS)

    transact(producer, small, b"fits")
    producer.commit_transaction(CALL_SECS)
    assert values(cluster.read(small)) == [b"fits"]
    assert values(cluster.read(out)) == []


def test_a_topic_that_is_missing_costs_the_transaction_only(cluster, start, out):
    failed = []
    producer = start(on_delivery_error=lambda error, _message: failed.append(error.code()))
    producer.begin_transaction()
    producer.produce(unique("missing"), b"v", partition=0)
    error = refused(lambda: producer.commit_transaction(CALL_SECS))
    assert (error.code(), error.txn_requires_abort()) == (KafkaError._INCONSISTENT, True)
    assert failed == [KafkaError.UNKNOWN_TOPIC_OR_PART]
    producer.abort_transaction(CALL_SECS)
    transact(producer, out, b"v")
    producer.commit_transaction(CALL_SECS)
    assert values(cluster.read(out)) == [b"v"]


def test_a_partition_that_is_missing_is_told_at_once_and_the_transaction_goes_on_without_the_record(
    cluster, start, out
):
    producer = start()
    transact(producer, out, b"v")
    error = refused(lambda: producer.produce(out, b"lost", partition=7))
    assert (error.code(), error.txn_requires_abort()) == (KafkaError._UNKNOWN_PARTITION, False)
    producer.commit_transaction(CALL_SECS)
    assert values(cluster.read(out)) == [b"v"]
