"""Scrub processes that are threads: the same pipes, the same messages, no second interpreter to wait for."""

import os
import threading

from scrubber.detect.apart.processes import ScrubProcesses
from scrubber.detect.apart.serve import Told, received, serve


class Thread:
    """Takes the place of `subprocess.Popen`. `opened` is given the setup and what keeps happenings."""

    def __init__(self, opened):
        requests, to_requests = os.pipe()
        from_answers, answers = os.pipe()
        self.stdin, self.stdout = os.fdopen(to_requests, "wb"), os.fdopen(from_answers, "rb")
        self._thread = threading.Thread(target=self._serve, args=[requests, answers, opened], daemon=True)
        self._thread.start()

    def wait(self, timeout=None):
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError
        return 0

    def kill(self):
        self.stdout.close()

    @staticmethod
    def _serve(requests, answers, opened):
        with os.fdopen(requests, "rb") as source, os.fdopen(answers, "wb") as target:
            sent = received(source)
            setup = next(sent)
            told = Told()
            serve(sent, target, opened(setup, told), told)


def in_threads(opened, setup, telemetry, count=1):
    """Return `ScrubProcesses` that are none."""
    return ScrubProcesses(lambda: Thread(opened), setup, telemetry, count)
