import threading
import time

import pytest

from scrubber.core.spans import Span
from scrubber.detect.detector import Description, Plan
from scrubber.detect.worker import DeviceWorker
from scrubber.errors import ConfigError, DetectorFailed, DetectorOverloaded, Problem

PLAN = Plan(("user_name",), (0.5,))


class Recorder:
    """A detector that flags the first character, and notes which thread called what."""

    def __init__(self):
        self.calls = []
        self.raises = None
        self.gate = threading.Event()
        self.gate.set()

    def detect(self, texts, plan):
        self.calls.append(("detect", threading.current_thread().name))
        assert self.gate.wait(5)
        if self.raises:
            raise self.raises
        return [[Span(0, 1, plan.labels[0], 0.9, "recorder")] for _ in texts]

    def warm_up(self):
        self.calls.append(("warm_up", threading.current_thread().name))

    def describe(self):
        return Description("recorder", "1", "00")

    def close(self):
        self.calls.append(("close", threading.current_thread().name))


@pytest.fixture
def detector():
    return Recorder()


@pytest.fixture
def worker(detector):
    worker = DeviceWorker(detector)
    yield worker
    detector.gate.set()
    worker.close()


def test_every_call_runs_in_the_one_thread_of_the_detector(worker, detector):
    worker.warm_up()
    assert worker.detect(["a", "b"], PLAN) == [[Span(0, 1, "user_name", 0.9, "recorder")]] * 2
    worker.close()
    assert detector.calls == [("warm_up", "detector"), ("detect", "detector"), ("close", "detector")]
    assert worker.describe() == Description("recorder", "1", "00")


@pytest.mark.parametrize(
    "error", [DetectorFailed("x"), DetectorOverloaded("x"), ConfigError([Problem("model.labels", "too many")])]
)
def test_errors_come_out_at_the_caller_and_the_thread_lives_on(worker, detector, error):
    detector.raises = error
    with pytest.raises(type(error)):
        worker.detect(["a"], PLAN)
    detector.raises = None
    assert len(worker.detect(["a"], PLAN)) == 1


def test_a_foreign_exception_comes_out_as_failed_without_its_text(worker, detector):
    detector.raises = ValueError("ssn 900-12-3456")
    with pytest.raises(DetectorFailed, match=r"^The model raised ValueError\.$"):
        worker.detect(["a"], PLAN)


def test_even_an_exit_inside_the_detector_reaches_the_caller(worker, detector):
    detector.raises = SystemExit(3)
    with pytest.raises(SystemExit):
        worker.detect(["a"], PLAN)


def test_no_more_than_one_job_waits(worker, detector):
    detector.gate.clear()
    first = worker.submit(["a"], PLAN)
    while not detector.calls:
        time.sleep(0.001)
    second = worker.submit(["b"], PLAN)
    third_returned = threading.Event()

    def hand_over_a_third():
        worker.submit(["c"], PLAN)
        third_returned.set()

    threading.Thread(target=hand_over_a_third, daemon=True).start()
    assert not third_returned.wait(0.05)
    detector.gate.set()
    assert third_returned.wait(5)
    assert first.result(5) == second.result(5) == [[Span(0, 1, "user_name", 0.9, "recorder")]]


def test_timings_and_counts_are_observed_for_every_hand_over(detector):
    seen = []
    worker = DeviceWorker(detector, seen.append)
    worker.detect(["abc", "de"], PLAN)
    worker.close()
    assert [(timing.texts, timing.characters) for timing in seen] == [(2, 5)]
    assert seen[0].waited_secs >= 0
    assert seen[0].detect_secs >= 0


def test_close_finishes_what_was_handed_over_and_refuses_more(worker, detector):
    answer = worker.submit(["a"], PLAN)
    worker.close()
    worker.close()
    assert len(answer.result(0)) == 1
    with pytest.raises(DetectorFailed, match="closed"):
        worker.detect(["a"], PLAN)
