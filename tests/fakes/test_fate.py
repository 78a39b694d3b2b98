"""What only the fake can do: faults at call n, crashes, expiry, a clock that is turned by hand."""

from __future__ import annotations

import threading
import time

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from scrubber.core.records import Partition
from tests.fakes import ClientCrashed, FakeBroker, FakeClients, FakeConsumer, errors

IN, OUT = "in", "out"


@pytest.fixture
def broker():
    made = FakeBroker()
    made.create_topic(IN, 2)
    made.create_topic(OUT, 1)
    return made


def joined(clients: FakeClients, topics=(IN,)) -> FakeConsumer:
    consumer = clients.consumer()
    nothing = lambda _consumer, _partitions: None  # noqa: E731
    consumer.subscribe(list(topics), on_assign=nothing, on_revoke=nothing, on_lost=nothing)
    return consumer


def in_transaction(clients: FakeClients, value: bytes = b"v"):
    producer = clients.producer()
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(OUT, value, partition=0)
    return producer


def values(broker: FakeBroker) -> list[bytes | None]:
    return [entry.value for entry in broker.records(OUT)]


def test_the_nth_call_fails_and_only_that(broker):
    clients = FakeClients(broker, "g", "t")
    producer = in_transaction(clients)
    broker.fail("produce", BufferError("queue full"), nth=2)
    producer.produce(OUT, b"1", partition=0)
    with pytest.raises(BufferError):
        producer.produce(OUT, b"2", partition=0)
    producer.produce(OUT, b"3", partition=0)
    producer.commit_transaction()
    assert values(broker) == [b"v", b"1", b"3"]
    assert broker.faults.pending == 0


def test_a_fault_for_one_worker_spares_the_others(broker):
    one, other = FakeClients(broker, "g", "t1"), FakeClients(broker, "g", "t2")
    broker.fail("begin_transaction", errors.fenced(), client=one)
    in_transaction(other).commit_transaction()
    with pytest.raises(KafkaException):
        in_transaction(one)


def test_a_commit_whose_answer_is_lost_took_effect_and_may_be_called_again(broker):
    producer = in_transaction(FakeClients(broker, "g", "t"))
    broker.fail("commit_transaction", errors.timed_out(), applied=True)
    with pytest.raises(KafkaException):
        producer.commit_transaction()
    assert values(broker) == [b"v"]
    with pytest.raises(KafkaException, match="under way"):
        producer.abort_transaction()
    producer.commit_transaction()
    producer.begin_transaction()
    assert values(broker) == [b"v"]


def test_a_commit_that_never_arrived_left_the_transaction_open(broker):
    producer = in_transaction(FakeClients(broker, "g", "t"))
    broker.fail("commit_transaction", errors.timed_out())
    with pytest.raises(KafkaException):
        producer.commit_transaction()
    assert values(broker) == []
    producer.commit_transaction()
    assert values(broker) == [b"v"]


def test_an_impossible_world_is_refused(broker):
    with pytest.raises(ValueError, match="never"):
        broker.fail("commit_transaction", errors.abortable(KafkaError._FAIL), applied=True)


def test_an_injected_abortable_error_leaves_only_abort(broker):
    producer = in_transaction(FakeClients(broker, "g", "t"))
    broker.fail("send_offsets_to_transaction", errors.abortable(KafkaError.ILLEGAL_GENERATION))
    with pytest.raises(KafkaException):
        producer.send_offsets_to_transaction([], None)
    with pytest.raises(KafkaException) as refused:
        producer.commit_transaction()
    assert refused.value.args[0].txn_requires_abort()
    producer.abort_transaction()
    assert values(broker) == []


def test_a_crashed_worker_leaves_its_transaction_open_until_its_time_is_up(broker):
    clients = FakeClients(broker, "g", "t", transaction_timeout_secs=60)
    producer = in_transaction(clients)
    broker.crash(clients)
    with pytest.raises(ClientCrashed):
        producer.commit_transaction()
    broker.append(OUT, b"later")
    broker.advance(59)
    assert values(broker) == []
    broker.advance(1)
    assert values(broker) == [b"later"]
    assert broker.last_stable_offset(OUT) == broker.end_offset(OUT) == 3


def test_the_next_holder_of_the_id_settles_what_a_crash_left_open(broker):
    clients = FakeClients(broker, "g", "t")
    in_transaction(clients)
    broker.crash(clients)
    in_transaction(FakeClients(broker, "g", "t"), b"new").commit_transaction()
    assert values(broker) == [b"new"]
    assert [entry.marker for entry in broker.log(OUT)] == [None, "abort", None, "commit"]


@pytest.mark.parametrize("applied", [False, True])
def test_a_crash_hits_before_or_after_the_effect(broker, applied):
    clients = FakeClients(broker, "g", "t")
    producer = in_transaction(clients)
    broker.crash_at("commit_transaction", applied=applied)
    with pytest.raises(ClientCrashed):
        producer.commit_transaction()
    assert values(broker) == ([b"v"] if applied else [])
    with pytest.raises(ClientCrashed):
        clients.latest_producer.poll(0)


def test_a_dead_member_keeps_its_partitions_until_its_session_ends(broker):
    dead = FakeClients(broker, "g", session_secs=45)
    consumer = joined(dead)
    consumer.consume(1, 0)
    broker.crash(dead)
    heir = joined(FakeClients(broker, "g"))
    heir.consume(1, 0)
    assert heir.assignment() == []
    broker.advance(45)
    heir.consume(1, 0)
    assert len(heir.assignment()) == 2


def test_offsets_held_by_a_dead_workers_transaction_hold_up_the_heir(broker):
    broker.append(IN, b"a")
    dead = FakeClients(broker, "g", "t", transaction_timeout_secs=60, session_secs=10)
    consumer = joined(dead)
    assert len(consumer.consume(1, 0)) == 1
    producer = in_transaction(dead)
    producer.send_offsets_to_transaction([TopicPartition(IN, 0, 1)], consumer.consumer_group_metadata())
    broker.crash(dead)
    heir = joined(FakeClients(broker, "g"))
    broker.advance(10)
    assert heir.consume(1, 0) == []
    with pytest.raises(KafkaException):
        heir.committed([TopicPartition(IN, 0)], 0)
    broker.advance(50)
    assert [message.value() for message in heir.consume(1, 0)] == [b"a"]
    assert broker.committed("g") == {}


def test_a_metadata_from_before_the_rebalance_is_refused_but_a_fresh_one_proves_no_ownership(broker):
    first = joined(FakeClients(broker, "g"))
    first.consume(1, 0)
    stale = first.consumer_group_metadata()
    second = joined(FakeClients(broker, "g"))
    second.consume(1, 0)
    producer = in_transaction(FakeClients(broker, "g", "t"))
    with pytest.raises(KafkaException) as refused:
        producer.send_offsets_to_transaction([TopicPartition(IN, 0, 1)], stale)
    assert refused.value.args[0].code() == KafkaError.ILLEGAL_GENERATION
    producer.abort_transaction()
    first.consume(1, 0)  # gives one partition up
    second.consume(1, 0)
    producer.begin_transaction()
    given_up = {(tp.topic, tp.partition) for tp in second.assignment()}.pop()
    producer.send_offsets_to_transaction([TopicPartition(*given_up, 1)], first.consumer_group_metadata())
    producer.commit_transaction()
    assert broker.committed("g") == {Partition(*given_up): 1}


def test_a_whole_batch_fails_when_it_is_over_the_topics_limit(broker):
    broker.create_topic("small", 1, max_message_bytes=1_000)
    failed = []
    clients = FakeClients(broker, "g", "t", linger_messages=3)
    producer = clients.producer(on_delivery_error=lambda error, message: failed.append((error.code(), message.value())))
    producer.init_transactions()
    producer.begin_transaction()
    for value in (b"1", b"2" * 2_000, b"3"):
        producer.produce("small", value, partition=0)
    with pytest.raises(KafkaException) as refused:
        producer.commit_transaction()
    assert refused.value.args[0].txn_requires_abort()
    assert failed == [(KafkaError.MSG_SIZE_TOO_LARGE, value) for value in (b"1", b"2" * 2_000, b"3")]


def test_a_hanging_call_ends_with_its_client():
    broker = FakeBroker(wall_clock=True)
    broker.create_topic(OUT)
    clients = FakeClients(broker, "g", "t")
    producer = in_transaction(clients)
    broker.hang("send_offsets_to_transaction")
    ended = threading.Event()

    def call() -> None:
        with pytest.raises(ClientCrashed):
            producer.send_offsets_to_transaction([], None)
        ended.set()

    thread = threading.Thread(target=call)
    thread.start()
    assert not ended.wait(0.05)
    broker.crash(clients)
    assert ended.wait(5)
    thread.join()


def test_a_consume_on_the_wall_clock_waits_for_its_records_and_no_longer():
    broker = FakeBroker(wall_clock=True)
    broker.create_topic(IN)
    consumer = joined(FakeClients(broker, "g"))
    timer = threading.Timer(0.05, broker.append, (IN, b"v"))
    timer.start()
    assert [message.value() for message in consumer.consume(1, 10)] == [b"v"]
    timer.join()
    began = time.monotonic()
    assert consumer.consume(1, 0.05) == []
    assert time.monotonic() - began >= 0.05


def test_the_same_calls_give_the_same_log():
    def run() -> list[object]:
        broker = FakeBroker()
        broker.create_topic(IN, 4)
        broker.create_topic(OUT)
        for number in range(40):
            broker.append(IN, b"%d" % number, partition=number % 4)
        workers = [FakeClients(broker, "g", f"t{index}") for index in range(2)]
        consumers = [joined(worker) for worker in workers]
        for _ in range(4):
            for worker, consumer in zip(workers, consumers, strict=True):
                messages = consumer.consume(3, 0)
                producer = in_transaction(worker, b"-".join(message.value() or b"" for message in messages))
                ends = {message.partition(): message.offset() + 1 for message in messages}
                offsets = [TopicPartition(IN, partition, end) for partition, end in ends.items()]
                producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
                producer.commit_transaction()
                producer.close()
        return [*broker.log(OUT), broker.committed("g")]

    def shape(entries: list[object]) -> list[str]:
        return [str(getattr(entry, "value", entry)) for entry in entries]

    assert shape(run()) == shape(run())
