"""Every input record exactly once, whatever is done to workers and brokers. Real workers, real Kafka."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from scrubber.cli.exits import Exit
from tests.faults.chaos import Fleet
from tests.faults.job import Feed, Job
from tests.faults.verify import verify
from tests.kafka_lab.local import LocalKafka

pytestmark = pytest.mark.kafka

SEED = int(os.environ.get("SCRUBBER_CHAOS_SEED", "1"))
SOAK_RECORDS = int(os.environ.get("SCRUBBER_SOAK_RECORDS", "1000000"))
SOAK_KILLS = int(os.environ.get("SCRUBBER_SOAK_KILLS", "100"))
KILLED = -signal.SIGKILL
# One that has just begun ends at once: by the signal itself, or by its first handler.
STOPPED = {int(Exit.OK), -signal.SIGTERM, int(Exit.INTERRUPTED)}


def judge(fleet, records):
    """The verdict, once all work is done; prints it for the record (`pytest -s`)."""
    verdict = verify(fleet.job, records)
    print(f"\n{verdict}\nends: {[each.code for each in fleet.ended]}")
    assert verdict.problems[:20] == [], fleet.log_tail()
    assert not fleet.has_logged_raw_values()
    return verdict


def storm(fleet, feed, kills, longest_pause):
    """Kill workers at random moments while there is work; of those that are at work, the oldest."""
    dice = random.Random(SEED)
    for _ in range(kills):
        fleet.run_for(dice.uniform(0.2, longest_pause))
        fleet.until(lambda: any(map(fleet.has_joined, fleet.names)))
        fleet.kill(next(filter(fleet.has_joined, fleet.names)))
    feed.finish()


def test_sigkill_storm(kafka, tmp_path):
    job = Job.create(kafka.bootstrap)
    feed = Feed(job, 20_000, secs=18)
    with Fleet(job, tmp_path) as fleet:
        fleet.start_all(3)
        feed.start()
        fleet.until_at_work()
        storm(fleet, feed, kills=12, longest_pause=2.0)
        fleet.until_done(feed.records)
        judge(fleet, feed.records)
        assert sum(each.code == KILLED for each in fleet.ended) == 12
        assert fleet.codes() <= {KILLED, *STOPPED}


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"assignment": "cooperative-sticky"}, id="cooperative-sticky"),
        pytest.param({"assignment": "range"}, id="range"),
        pytest.param({"group_protocol": "consumer"}, id="consumer"),
    ],
)
def test_rebalance_storm(kafka, tmp_path, how):
    job = Job.create(kafka.bootstrap, **how)
    feed = Feed(job, 10_000, secs=10)
    dice = random.Random(SEED)
    with Fleet(job, tmp_path) as fleet:
        fleet.start_all(2)
        feed.start()
        fleet.until_at_work()
        for number in range(8):
            fleet.run_for(dice.uniform(0.2, 1.5))
            if number % 3 == 2:
                fleet.start(f"extra{number}")
            else:
                fleet.stop(fleet.names[0])  # the supervisor brings it back
        feed.finish()
        fleet.until_done(feed.records)
        judge(fleet, feed.records)
        assert fleet.codes() <= STOPPED


def test_a_zombie_wakes_up_fenced(kafka, tmp_path):
    job = Job.create(kafka.bootstrap)
    feed = Feed(job, 15_000, secs=20)
    with Fleet(job, tmp_path) as fleet:
        fleet.start_all(2)
        feed.start()
        fleet.until(lambda: fleet.has_joined("w0"))
        fleet.until_at_work()
        zombie = fleet.freeze("w0")
        fleet.start("w0")
        fleet.until(lambda: fleet.has_joined("w0"))
        fleet.run_for(6)  # its session is over, and its transactional id has a new holder
        zombie.send_signal(signal.SIGCONT)
        fleet.until(lambda: zombie.poll() is not None)
        assert zombie.returncode == Exit.FAILED
        feed.finish()
        fleet.until_done(feed.records)
        judge(fleet, feed.records)
        # One that froze with its commit on the way makes a new producer when it wakes: that fences the successor, which
        # is started again and fences it in turn.
        assert fleet.codes() <= {*STOPPED, int(Exit.FAILED)}
        assert sum(each.code == Exit.FAILED for each in fleet.ended) <= 1


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_broker_restarts(tmp_path, how):
    with LocalKafka() as kafka:
        job = Job.create(kafka.bootstrap)
        feed = Feed(job, 10_000, secs=12)
        with Fleet(job, tmp_path) as fleet:
            fleet.start_all(2)
            feed.start()
            fleet.until_at_work()
            getattr(kafka.nodes[0], how)()
            fleet.run_for(2)
            kafka.nodes[0].start()
            kafka.wait_ready()
            feed.finish()
            fleet.until_done(feed.records)
            judge(fleet, feed.records)


def test_each_node_of_three_is_killed_in_turn(kafka3, tmp_path):
    # No worker is killed here, and a transaction may stay open while a node is away. After the 10 s of the other tests
    # its coordinator could end it, and its owner would rightly end as fenced.
    job = Job.create(kafka3.bootstrap, transaction_timeout_ms=25_000)
    feed = Feed(job, 20_000, secs=25)
    with Fleet(job, tmp_path) as fleet:
        fleet.start_all(2)
        feed.start()
        fleet.until_at_work()
        for node in kafka3.nodes:
            node.kill()
            fleet.run_for(4)
            node.start()
            kafka3.wait_ready()
            fleet.run_for(1)
        feed.finish()
        fleet.until_done(feed.records)
        judge(fleet, feed.records)
        # Where a coordinator bounces librdkafka may wait for ever in a call: then the watchdog rightly ends the worker.
        assert fleet.codes() <= {*STOPPED, int(Exit.WATCHDOG)}


def test_connections_are_cut_held_and_slow(kafka_proxy, tmp_path):
    kafka, proxy = kafka_proxy
    job = Job.create(kafka.bootstrap)
    feed = Feed(job, 10_000, secs=20)
    with Fleet(job, tmp_path) as fleet:
        fleet.start_all(2)
        feed.start()
        fleet.until_at_work()
        proxy.reset()
        fleet.run_for(2)
        proxy.cut()
        fleet.run_for(3)
        proxy.restore()
        proxy.lag(100)
        fleet.run_for(4)
        proxy.hold()
        fleet.run_for(5)
        proxy.restore()
        feed.finish()
        fleet.until_done(feed.records)
        judge(fleet, feed.records)


def test_the_broker_is_down_at_the_start(tmp_path):
    with LocalKafka() as kafka:
        job = Job.create(kafka.bootstrap)
        feed = Feed(job, 2_000, secs=1)
        feed.start()
        feed.finish()
        kafka.nodes[0].terminate()
        with Fleet(job, tmp_path) as fleet:
            fleet.start_all(2)
            time.sleep(4)
            fleet.supervise()
            assert fleet.ended == []
            kafka.nodes[0].start()
            kafka.wait_ready()
            fleet.until_done(feed.records)
            judge(fleet, feed.records)
            assert fleet.codes() <= STOPPED


@pytest.mark.soak
def test_soak(kafka, tmp_path):
    """`make soak`: SCRUBBER_SOAK_RECORDS and SCRUBBER_SOAK_KILLS say how much."""
    job = Job.create(kafka.bootstrap)
    feed = Feed(job, SOAK_RECORDS, secs=SOAK_KILLS * 2.5)
    with Fleet(job, tmp_path) as fleet:
        fleet.start_all(3)
        feed.start()
        fleet.until_at_work()
        storm(fleet, feed, kills=SOAK_KILLS, longest_pause=4.0)
        fleet.until_done(feed.records, secs=3_600)
        verdict = judge(fleet, feed.records)
        assert verdict.hidden > 0, "no kill hit a transaction"
        assert sum(each.code == KILLED for each in fleet.ended) == SOAK_KILLS
