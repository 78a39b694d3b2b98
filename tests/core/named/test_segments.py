"""Values whose place in a segment says what they are."""

import pytest

from scrubber.core.named.segments import named_values
from tests.core.named.linear import assert_linear


def found(text):
    return [(value.name.decode(), text[value.start : value.end].decode()) for value in named_values(text)]


LEE = [("last name", "LEE"), ("first name", "ANN")]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b"PID|1||12^^^H~77||LEE^ANN||19800201|F", [("mrn", "12"), ("mrn", "77"), *LEE, ("dob", "19800201")]),
        (
            b"PID|||||LEE^ANN\rNK1|1|RAY^BOB|SPO||202",
            [*LEE, ("last name", "RAY"), ("first name", "BOB"), ("phone", "202")],
        ),
        (b"PID|||||||||||12 X^^T^S^12345", [("address", "12 X"), ("zip", "12345")]),
        (b"NM1*IL*1*LEE*ANN****MI*X7~DMG*D8*19800201", [*LEE, ("member id", "X7"), ("dob", "19800201")]),
        (b"NM1*85*2*CLINIC*****XX*123~N4*T*MI*12345~", [("npi", "123"), ("zip", "12345")]),
        (b"PER*IC*ANN LEE*TE*202~REF*SY*123~", [("contact name", "ANN LEE"), ("phone", "202"), ("ssn", "123")]),
        (b'{"m":"PID|||||LEE^ANN","n":1}', LEE),
        (b"RAPID|1||12 SIN4*7", []),
    ],
    ids=["a patient", "next of kin", "an address", "a member", "a clinic", "a contact", "in JSON", "no segment"],
)
def test_the_values_of_places(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit", [b"PID|", b"PID|1||2^", b"|", b"^", b"~", b"NM1*", b"*", b"REF*SY*1~", b"PID|||||a^b~"]
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"PID|1||" + unit * (size // len(unit)))
