"""The bounded fuzz run; `make fuzz` is the long one."""

import pytest

from tests.fuzz import laws
from tests.fuzz.seeds import inputs, seeds


@pytest.mark.parametrize("seed", range(4))
def test_the_laws_hold_for_spoilt_texts(seed):
    for data in inputs(500, seed):
        laws.check(data)


def test_the_laws_hold_for_a_sample_of_the_seeds():
    for data in seeds()[::5]:
        laws.check(data)


def test_a_law_that_does_not_hold_is_told(monkeypatch):
    monkeypatch.setattr(laws, "_scrub", lambda data: laws.ScrubbedText(data, []))
    with pytest.raises(laws.Broken, match="planted"):
        laws.check(b"x")
