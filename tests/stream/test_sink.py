"""What one chunk becomes: the transaction, its errors, and what is done about them."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from scrubber.errors import FatalStreamError
from scrubber.telemetry import ChunkCommitted, ProducerRebuilt, Rewound, TransactionAborted
from tests.fakes import errors
from tests.stream.step_worker import AUDIT, CLEAN, GROUP, IN, QUARANTINE, StepWorker, committed, new_broker


@pytest.fixture
def broker():
    made = new_broker(partitions=1)
    for number in range(4):
        made.append(
            IN, b"good %d" % number, key=b"k", headers=[("h", b"1"), ("empty", None)], timestamp_ms=1_700 + number
        )
    made.append(IN, b"bad 4")
    return made


def test_a_chunk_leaves_as_clean_audit_quarantine_and_offsets_together(broker):
    worker = StepWorker(broker, "a")
    worker.work()
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3"]]
    assert committed(broker, AUDIT) == [[b"0-0", b"0-3"]]
    assert committed(broker, QUARANTINE) == [[b"0-4 payload"]]
    assert list(broker.committed(GROUP).values()) == [5]


def test_key_headers_and_timestamp_are_kept(broker):
    StepWorker(broker, "a").work()
    entry = broker.records(CLEAN)[1]
    assert (entry.key, entry.headers, entry.timestamp_ms) == (b"k", [("h", b"1"), ("empty", None)], 1_701)


def test_tombstones_pass_as_tombstones(broker):
    broker.append(IN, None, key=b"gone")
    StepWorker(broker, "a").work()
    last = broker.records(CLEAN)[-1]
    assert (last.key, last.value) == (b"gone", None)


def test_an_idle_worker_holds_no_transaction_open():
    broker = new_broker(partitions=1)
    StepWorker(broker, "a").work()
    assert broker.log(CLEAN) == []


@pytest.mark.parametrize("call", ["produce", "send_offsets_to_transaction", "commit_transaction"])
def test_after_an_abortable_error_the_same_results_are_sent_again_from_memory(broker, call):
    worker = StepWorker(broker, "a")
    broker.fail(call, errors.abortable(KafkaError.ILLEGAL_GENERATION))
    worker.work()
    assert len(worker.events.of(TransactionAborted)) == 1
    assert worker.events.of(Rewound) == []  # nothing was read or scrubbed twice
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3"]]


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("call", ["send_offsets_to_transaction", "commit_transaction"])
def test_an_unknown_outcome_costs_the_producer_and_rewinds(broker, call, applied):
    worker = StepWorker(broker, "a")
    broker.fail(call, errors.plain(KafkaError._TIMED_OUT), applied=applied)
    worker.work()
    assert len(worker.events.of(ProducerRebuilt)) == 1
    assert len(worker.events.of(Rewound)) == 1
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3"]]
    assert committed(broker, QUARANTINE) == [[b"0-4 payload"]]


@pytest.mark.parametrize("reset", ["earliest", "latest"])
@pytest.mark.parametrize("call", ["commit_transaction", "consume"])
def test_without_committed_offsets_a_rewind_goes_back_to_where_reading_began(call, reset):
    """Not to where the consumer stands: that is not committed, and a failed `consume` may have swallowed more."""
    broker = new_broker(partitions=1)
    broker.append(IN, b"good old")
    worker = StepWorker(broker, "a", reset=reset)
    worker.poll()  # is given its partition; with `latest`, what was there before is skipped
    for number in range(3):
        broker.append(IN, b"good %d" % number)
    broker.fail(call, errors.plain(KafkaError._TIMED_OUT), applied=call == "consume")
    worker.work()
    old = [b"good old"] if reset == "earliest" else []
    assert committed(broker, CLEAN) == [[*old, b"good 0", b"good 1", b"good 2"]]


def test_a_fenced_worker_ends_instead_of_fencing_back(broker):
    old = StepWorker(broker, "same-id")
    old.poll()
    old.poll()
    old.scrub()
    broker.append(IN, b"good 5")
    StepWorker(broker, "same-id")
    with pytest.raises(FatalStreamError, match="fenced"):
        old.work()
    assert committed(broker, CLEAN) == [[]]


def test_a_refusal_ends_the_worker_with_the_reason(broker):
    worker = StepWorker(broker, "a")
    broker.fail("send_offsets_to_transaction", errors.abortable(KafkaError.GROUP_AUTHORIZATION_FAILED))
    with pytest.raises(FatalStreamError, match="refuses"):
        worker.work()


@pytest.mark.parametrize("code", [KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART])
def test_a_topic_that_was_there_and_is_unknown_to_one_node_is_asked_for_by_a_new_producer(broker, code):
    worker = StepWorker(broker, "a")
    worker.work()
    broker.append(IN, b"good 5")
    broker.fail("produce", errors.plain(code))
    worker.work()
    assert [each.code for each in worker.events.of(ProducerRebuilt)] == [KafkaError(code).name()]
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3", b"good 5"]]


def test_records_on_their_way_to_a_topic_that_one_node_does_not_know_are_sent_by_a_new_producer(broker, monkeypatch):
    worker = StepWorker(broker, "a")
    worker.work()
    broker.append(IN, b"good 5")
    truth, lies = broker.partition_count, [0, 0]  # as `produce` asks, and when the batch leaves
    monkeypatch.setattr(broker, "partition_count", lambda name: lies.pop() if lies and name == CLEAN else truth(name))
    worker.work()
    assert [each.code for each in worker.events.of(ProducerRebuilt)] == ["UNKNOWN_TOPIC_OR_PART"]
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3", b"good 5"]]


def test_a_topic_that_the_producer_never_saw_ends_the_worker(broker):
    worker = StepWorker(broker, "a")
    broker.fail("produce", errors.plain(KafkaError._UNKNOWN_TOPIC))
    with pytest.raises(FatalStreamError, match="refuses"):
        worker.work()


def test_endless_abortable_errors_end_in_a_new_producer_not_in_a_loop(broker):
    worker = StepWorker(broker, "a")
    for _ in range(5):
        broker.fail("commit_transaction", errors.abortable(KafkaError.TRANSACTION_ABORTABLE))
    worker.work(40)
    assert len(worker.events.of(ProducerRebuilt)) == 1
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3"]]


def test_work_on_a_lost_partition_is_dropped(broker):
    worker = StepWorker(broker, "a")
    worker.poll()
    worker.poll()
    worker.scrub()
    broker.expire(worker.clients.latest_consumer)
    worker.poll()  # learns of the loss
    worker.commit()
    assert [event.dropped_stale for event in worker.events.of(ChunkCommitted)] == [5]
    worker.work()
    assert committed(broker, CLEAN) == [[b"good 0", b"good 1", b"good 2", b"good 3"]]


def test_a_record_over_the_known_limit_goes_to_quarantine_and_its_neighbours_pass(broker):
    broker.append(IN, b"good " + b"x" * 5_000)
    StepWorker(broker, "a", limits={CLEAN: 2_000}).work()
    assert committed(broker, QUARANTINE) == [[b"0-4 payload", b"0-5 payload"]]
    assert len(committed(broker, CLEAN)[0]) == 4


def test_a_record_that_only_the_broker_finds_too_large_goes_to_quarantine():
    broker = new_broker(partitions=1, max_message_bytes=2_000)
    for value in (b"good 0", b"good " + b"x" * 5_000, b"good 2"):
        broker.append(IN, value)
    worker = StepWorker(broker, "a")
    worker.work()
    assert committed(broker, CLEAN) == [[b"good 0", b"good 2"]]
    assert committed(broker, QUARANTINE) == [[b"0-1 payload"]]


def test_an_envelope_over_the_limit_keeps_the_coordinates(broker):
    StepWorker(broker, "a", limits={QUARANTINE: 133}).work()
    assert committed(broker, QUARANTINE) == [[b"0-4"]]
