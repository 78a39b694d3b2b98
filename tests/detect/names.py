"""A model for tests that need to know what it finds."""

from scrubber.core.spans import Span
from scrubber.detect.detector import Description
from scrubber.errors import DetectorFailed


class Names:
    """A detector that knows one name."""

    def __init__(self, name="Ada", *, label="first_name", score=0.9, fails=False):
        self._name, self._label, self._score, self._fails, self.seen = name, label, score, fails, []

    def detect(self, texts, plan):
        if self._fails:
            raise DetectorFailed("gone")
        self.seen += texts
        return [
            [Span(at, at + len(self._name), self._label, self._score, "names") for at in _places(text, self._name)]
            for text in texts
        ]

    def warm_up(self):
        pass

    def describe(self):
        return Description("names", "1", "d")

    def close(self):
        pass


def _places(text, name):
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + 1)
