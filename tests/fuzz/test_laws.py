"""The bounded fuzz run; `make fuzz` is the long one."""

import pytest

from tests.fuzz import laws
from tests.fuzz.seeds import inputs, seeds


@pytest.mark.parametrize("seed", range(3))
def test_the_laws_hold_for_spoilt_texts(seed):
    laws.check(list(inputs(300, seed)))


def test_the_laws_hold_for_a_sample_of_the_seeds():
    laws.check(seeds()[::10])


def test_a_law_that_does_not_hold_is_told(monkeypatch):
    monkeypatch.setattr(laws, "_scrub", lambda texts: [laws.ScrubbedText(text, []) for text in texts])
    with pytest.raises(laws.Broken, match="planted"):
        laws.check([b"%d" % number for number in range(100)])  # of which some are taken for the law
