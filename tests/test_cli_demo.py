"""`scrubber demo` as a newcomer runs it: on the mock cluster, and on real Kafka with a killed worker."""

from __future__ import annotations

import subprocess
import sys

import pytest
from confluent_kafka.admin import AdminClient

from scrubber.errors import FatalStreamError
from scrubber.stream import trial


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrubber.cli", "demo", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_a_cluster_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(trial, "CALL_SECS", 0.5)
    with (
        pytest.raises(FatalStreamError, match=r"127\.0\.0\.1:1 has not answered for 0\.5 s"),
        trial.Trial("127.0.0.1:1"),
    ):
        pytest.fail("there is one")


def test_on_the_mock_cluster_it_shows_samples_and_says_what_it_cannot_prove():
    done = demo("--records", "2000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "at_least_once" in done.stdout
    assert "2,000 in, 2,000 out (0 in quarantine), 0 missing" in done.stdout
    assert "0 raw" in " ".join(done.stdout.split())
    for kind in ("JSON", "access log", "sshd", "stack trace", "ticket", "free text"):
        assert kind in done.stdout
    assert "this is <FIRST_NAME>" in done.stdout
    harmless = [line for line in done.stdout.splitlines() if "version 6.1." in line]
    assert len(harmless) == 2  # raw and clean: nothing in it was taken for an address
    assert harmless[0] == harmless[1]


def test_on_real_kafka_it_kills_a_worker_in_a_transaction_and_counts_every_offset(kafka):
    done = demo("--bootstrap", kafka.bootstrap, "--records", "30000")
    words = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "got SIGKILL while its transaction was open" in words
    assert "30,000 in, 30,000 out (0 in quarantine), 0 missing, 0 twice, 0 out of order, 0 raw." in words
    left = AdminClient({"bootstrap.servers": kafka.bootstrap}).list_topics(timeout=30).topics
    assert not [topic for topic in left if topic.startswith("scrubber-demo")]
