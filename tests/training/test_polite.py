import fcntl
import os
import subprocess
import sys
import time

from training.polite import held_by_another


def test_a_lock_held_by_another_is_seen_and_a_free_one_is_not(tmp_path):
    lock = tmp_path / "lock"
    assert not held_by_another(lock)
    with lock.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert held_by_another(lock)
    assert not held_by_another(lock)


def test_the_command_stands_still_while_the_lock_is_held(tmp_path):
    lock, ticks = tmp_path / "lock", tmp_path / "ticks"
    tick = f"import time\nfor _ in range(400):\n open({str(ticks)!r}, 'a').write('.')\n time.sleep(0.02)"
    command = [
        sys.executable,
        "-m",
        "training.polite",
        "--yield-to",
        str(lock),
        "--poll-s",
        "0.02",
        sys.executable,
        "-c",
        tick,
    ]
    run = subprocess.Popen(command)
    try:
        _wait(lambda: ticks.exists() and ticks.stat().st_size > 2)
        with lock.open("a") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            _wait(lambda: _still(ticks))
        seen = ticks.stat().st_size
        _wait(lambda: ticks.stat().st_size > seen)
    finally:
        run.terminate()
        assert run.wait(timeout=30) != 0


def _still(ticks):
    before = ticks.stat().st_size
    time.sleep(0.5)
    return ticks.stat().st_size == before


def _wait(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_command_may_be_given_a_share_of_the_machine():
    command = [sys.executable, "-m", "training.polite", "--nice", "7", "--poll-s", "0.02"]
    inside = [sys.executable, "-c", "import os; print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_OTHER)"]
    run = subprocess.run(["nice", "-n", "0", *command, *inside], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(os.nice(0) + 7), "True"]
