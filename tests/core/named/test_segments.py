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
        (
            b"PV1|1|I|W||||12^RAY^BOB^^^DR\rORC|RE|1||||||||||34^LEE^ANN",
            [("staff id", "12"), ("last name", "RAY"), ("first name", "BOB"), ("staff id", "34"), *LEE],
        ),
        (
            b"NAD+BY+7::9++LEE ANN+OAK ST 12+X++12345+DE'CTA+IC+:RAY BOB'DTM+329:19800201:102'DTM+137:20260101:102'",
            [
                ("account holder", "LEE ANN"),
                ("street", "OAK ST 12"),
                ("zip", "12345"),
                ("contact name", "RAY BOB"),
                ("dob", "19800201"),
            ],
        ),
        (
            b"BEGIN:VCARD\nN:Lee;Ann;;;\nitem1.ADR;TYPE=home:;;12 Oak Street;X;Y;12345;Z\nEND:VCARD",
            [("last name", "Lee"), ("first name", "Ann"), ("street", "12 Oak Street"), ("zip", "12345")],
        ),
        (b"ADR:;;12 Oak Street;X", [("street", "12 Oak Street")]),
        (b"RAPID|1||12 SIN4*7 GRENAD+1+2 LADR:;;x BEGIN:VEVENT\nN:a;b", []),
    ],
    ids=[
        "a patient",
        "next of kin",
        "an address",
        "a member",
        "a clinic",
        "a contact",
        "in JSON",
        "doctors",
        "a buyer",
        "a vCard",
        "an address of a vCard",
        "no segment",
    ],
)
def test_the_values_of_places(text, pairs):
    assert found(text) == pairs


@pytest.mark.parametrize(
    "unit",
    [
        b"PID|",
        b"PID|1||2^",
        b"|",
        b"^",
        b"~",
        b"NM1*",
        b"*",
        b"REF*SY*1~",
        b"PID|||||a^b~",
        b"NAD+",
        b"+",
        b":",
        b"?",
        b"'DTM+329:1:2",
        b"\nADR:;;",
        b"\nN;",
        b";",
    ],
)
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"BEGIN:VCARD PID|1||" + unit * (size // len(unit)))
