"""The judge finds every way in which the promise can be broken: a judge that cannot condemn proves nothing."""

from __future__ import annotations

import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.faults.job import Job, is_broken, is_planted, value
from tests.faults.verify import verify
from tests.kafka_lab.topics import unique

pytestmark = [pytest.mark.kafka]
RECORDS = 100


@pytest.fixture
def job(kafka):
    """Two partitions with 50 records each, all of them committed by the group."""
    made = Job.create(kafka.bootstrap, partitions=2)
    producer = Producer({"bootstrap.servers": made.bootstrap})
    for partition in (0, 1):
        for offset in range(RECORDS // 2):
            producer.produce(made.source, value(partition, offset), partition=partition)
    producer.flush(30)
    consumer = Consumer({"bootstrap.servers": made.bootstrap, "group.id": made.group})
    consumer.commit(
        offsets=[TopicPartition(made.source, partition, RECORDS // 2) for partition in (0, 1)], asynchronous=False
    )
    consumer.close()
    return made


@pytest.fixture
def producer(job):
    made = Producer({"bootstrap.servers": job.bootstrap, "transactional.id": unique("verify"), "log_level": 0})
    made.init_transactions(30)
    made.begin_transaction()
    return made


def outputs(job):
    """What a worker that does its duty writes: topic, partition, value."""
    for partition in (0, 1):
        for offset in range(RECORDS // 2):
            source = {"source": {"topic": job.source, "partition": partition, "offset": offset}}
            if is_broken(offset):
                yield job.quarantine, partition, orjson.dumps(source)
                continue
            yield job.clean, partition, orjson.dumps({"id": f"{partition}-{offset}", "message": "opened the door"})
            if is_planted(offset):
                yield job.audit, partition, orjson.dumps({**source, "redactions": [{"label": "email"}]})


def write(producer, messages):
    for topic, partition, content in messages:
        producer.produce(topic, content, partition=partition)
    producer.flush(30)


def clean(job, partition, offset, **more):
    return job.clean, partition, orjson.dumps({"id": f"{partition}-{offset}", **more})


def test_a_faultless_run_is_acquitted(job, producer):
    write(producer, outputs(job))
    producer.commit_transaction(30)
    verdict = verify(job, RECORDS)
    assert verdict.problems == []
    assert (verdict.records, verdict.clean, verdict.quarantined, verdict.audited) == (100, 98, 2, 34)


def drop(index):
    return lambda _job, messages: messages[:index] + messages[index + 1 :]


def swap_first_two_clean(job, messages):
    first, second = [message for message in messages if message[:2] == (job.clean, 0)][:2]
    swapped = {first: second, second: first}
    return [swapped.get(message, message) for message in messages]


@pytest.mark.parametrize(
    ("crime", "told"),
    [
        (drop(0), "0-0 came out 0 times"),
        (drop(1), "0-0 has 0 audit events, not 1"),
        (lambda job, messages: [*messages, clean(job, 0, 0)], "0-0 came out 2 times"),
        (lambda _job, messages: [*messages, messages[1]], "0-0 has 2 audit events, not 1"),
        (swap_first_two_clean, "out of order"),
        (lambda job, messages: [(job.clean, 1, messages[0][2]), *messages[1:]], "is in partition 1"),
        (lambda job, messages: [clean(job, 0, 0, who="planted-0-0@mail.example"), *messages[1:]], "a raw value"),
        (lambda job, messages: [*messages, clean(job, 0, 50)], "was never in the input"),
        (lambda job, messages: [clean(job, 0, 49), *messages], "belongs in quarantine"),
    ],
)
def test_every_crime_is_told(job, producer, crime, told):
    write(producer, crime(job, list(outputs(job))))
    producer.commit_transaction(30)
    problems = verify(job, RECORDS).problems
    assert any(told in problem for problem in problems), problems


def test_an_open_transaction_counts_for_nothing_and_is_told(job, producer):
    write(producer, outputs(job))
    problems = verify(job, RECORDS).problems
    assert "0-0 came out 0 times" in problems
    assert sum("an open transaction" in problem for problem in problems) == 3
    producer.abort_transaction(30)


def test_records_of_an_aborted_transaction_are_hidden_and_counted(job, producer):
    write(producer, outputs(job))
    producer.abort_transaction(30)
    producer.begin_transaction()
    write(producer, outputs(job))
    producer.commit_transaction(30)
    verdict = verify(job, RECORDS)
    assert verdict.problems == []
    assert verdict.hidden == 98


def test_offsets_that_were_not_committed_are_told(job, producer):
    write(producer, outputs(job))
    producer.commit_transaction(30)
    moved = Job(**{**job.__dict__, "group": unique("nobody")})
    assert "the group has committed 0 of 100" in verify(moved, RECORDS).problems


def test_records_that_were_fed_and_are_not_in_the_input_are_told(job, producer):
    write(producer, outputs(job))
    producer.commit_transaction(30)
    assert "100 records in the input, fed 101" in verify(job, RECORDS + 1).problems
