import pytest

from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.tier import RuleTier


@pytest.fixture(scope="session")
def vectorscan():
    return RuleTier(builtin_rules(), engine="vectorscan")


@pytest.fixture(scope="session")
def re2_set():
    return RuleTier(builtin_rules(), engine="re2")


@pytest.fixture
def values(vectorscan):
    """The found values of one text, by label."""

    def find(text):
        raw = text.encode() if isinstance(text, str) else text
        found = {}
        for hit in vectorscan.find([raw])[0]:
            found.setdefault(hit.rule.label, set()).add(raw[hit.start : hit.end].decode())
        return found

    return find
