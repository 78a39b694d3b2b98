"""Several processes are shown as one: sums that Prometheus can follow."""

import os
import subprocess
import sys

from scrubber.telemetry import ScrubProcessStarted
from scrubber.telemetry.metrics import Metrics
from scrubber.telemetry.processes import Processes

SLEEP = (sys.executable, "-S", "-c", "import time; print(flush=True); time.sleep(600)")


def values(collector):
    return {sample.name: sample.value for family in collector.collect() for sample in family.samples}


def test_memory_and_files_of_all_are_added_and_a_start_is_the_first():
    one, both = Processes("own"), Processes("own")
    one.add(os.getpid())
    with subprocess.Popen(SLEEP, stdout=subprocess.PIPE) as child:
        child.stdout.readline()  # while it starts it opens and closes files
        other = Processes("own")
        for each in (other, both):
            each.add(child.pid)
        both.add(os.getpid())
        own, its, together = values(one), values(other), values(both)
        child.kill()
    assert own.keys() == its.keys() == together.keys()
    assert together["own_process_virtual_memory_bytes"] >= own["own_process_virtual_memory_bytes"]
    assert together["own_process_open_fds"] == own["own_process_open_fds"] + its["own_process_open_fds"]
    assert together["own_process_start_time_seconds"] == own["own_process_start_time_seconds"]
    assert together["own_process_cpu_seconds_total"] >= own["own_process_cpu_seconds_total"]


def test_a_process_that_has_ended_counts_nothing():
    processes = Processes("own")
    with subprocess.Popen(SLEEP) as child:
        child.kill()
    processes.add(child.pid)
    assert values(processes) == {}


def test_the_worker_shows_its_scrub_processes_as_one():
    metrics = Metrics("1")
    metrics.emit(ScrubProcessStarted(os.getpid()))
    metrics.emit(ScrubProcessStarted(os.getpid()))
    shown = {sample.name: sample.value for family in metrics.registry.collect() for sample in family.samples}
    assert shown["scrub_process_open_fds"] == 2 * shown["process_open_fds"]
