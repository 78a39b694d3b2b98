"""Values whose tag says what they are."""

import pytest

from scrubber.core.named.tags import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


LOGIN = [("username", "bob"), ("password", "V1 x")]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b"out 8=FIX.4.4|9=1|35=A|553=bob|554=V1 x|10=1", LOGIN),
        (b"8=FIXT.1.1\x0135=A\x01553=bob\x01554=V1 x\x01925=W2\x0110=1", [*LOGIN, ("password", "W2")]),
        (b"8=FIX.4.2^A553=bob^A554=V1 x^A", LOGIN),
        (b"8=FIX.4.2|1=AB123|10=1 x", [("account number", "AB123")]),
        (
            b"8=FIX.4.4|448=BOB|447=D|452=11|448=BANK|447=D|452=1|448=EVE|10=1",
            [("username", "BOB"), ("username", "EVE")],
        ),
        (b"8=FIX.4.4|553=bob|10=1\n554=V1", [("username", "bob")]),
        (b"9=1|553=bob|554=V1", []),
        (
            b":20:X\n:50K:/DE1\nANN LEE\nOAK ST 12\n12345 X\n:59:BOB RAY\r\nELM ST 3\r\n:70:RENT FOR\nMAY",
            [
                ("account holder", "ANN LEE"),
                ("street", "OAK ST 12"),
                ("account holder", "BOB RAY"),
                ("street", "ELM ST 3"),
            ],
        ),
        (
            b":50F:/DE1\n1/ANN LEE\n2/OAK ST 12\n3/DE/X\n4/19800201\n-}",
            [("account holder", "ANN LEE"), ("street", "OAK ST 12"), ("dob", "19800201")],
        ),
        (b":50A:/DE1\nABCDDEFF at 10:50:59:12", []),
    ],
    ids=[
        "a logon",
        "as it is sent",
        "made readable",
        "an account",
        "parties",
        "the next line",
        "no message",
        "a transfer",
        "numbered lines",
        "a bank",
    ],
)
def test_the_values_of_tags(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit",
    [
        b"8=FIX.4.4|",
        b"553=a|",
        b"448=a|",
        b"448=a|452=1|",
        b"|",
        b"=",
        b":50K:",
        b":50K:a\n",
        b"a\n",
        b"\n:50K:/a\nb\nc",
    ],
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"8=FIX.4.4|" + unit * (size // len(unit)))
