"""The bounded fuzz run; `make fuzz` is the long one."""

import pytest

from tests.fuzz import laws
from tests.fuzz.seeds import inputs, seeds


@pytest.mark.parametrize("seed", range(3))
def test_the_laws_hold_for_spoilt_texts(seed):
    laws.check(list(inputs(300, seed)))


def test_the_laws_hold_for_a_sample_of_the_seeds():
    laws.check(seeds()[::10])


CUT_KEY = b"cut -----BEGIN PRIVATE KEY-----\n" + b"a1B2" * 9
FOUND = (
    # A key without an end is looked for behind its field, among the names that the schema of OTLP gives.
    b"\n\xa2\x01\x12\x9f\x01\x12\x9c\x01*F\nD" + CUT_KEY + b"2R\n\x08password\x12F\nD" + CUT_KEY,
    # A value that a cut left open, in a container under a telling key.
    b'{"passwords":["h',
    b'"password":{"message": "944}',
    b'{"related":{"user": ["annPGPASSWORD}',
    b'password={"message": "{\\"m\\": \\"{\\\\\\"54}(x)V1 next',
)


@pytest.mark.parametrize("text", FOUND)
def test_the_laws_hold_for_what_once_broke_them(text):
    laws.check([text])


def test_a_law_that_does_not_hold_is_told(monkeypatch):
    monkeypatch.setattr(laws, "_scrub", lambda texts: [laws.ScrubbedText(text, []) for text in texts])
    with pytest.raises(laws.Broken, match="planted"):
        laws.check([b"%d" % number for number in range(100)])  # of which some are taken for the law
