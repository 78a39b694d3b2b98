"""Values whose place in a segment says what they are: HL7 version 2 (`PID|1||123456||LEE^ANN`), X12 of health plans
(`NM1*IL*1*LEE*ANN`), EDIFACT (`NAD+BY+++LEE ANN+OAK ST 12`) and vCard (`N:Lee;Ann`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from scrubber.core.named.base import NamedValue

MARK = r"(?:PID|NK1|GT1|IN1|PV1|ORC)\||(?:NM1|DMG|PER|REF|N3|N4)\*|(?:NAD|CTA|DTM)\+|\b(?:BEGIN:VCARD|ADR[:;])"
"""In every text in which a place may name a value."""

_Places = Mapping[int, tuple[bytes, ...]]
"""Names of the components of a field, by its number; an empty name: nobody's."""

_NAME = (b"last name", b"first name", b"middle name")
_ADDRESS = (b"address", b"address2", b"", b"", b"zip")
_PHONE = (b"phone",)
_DOCTOR = (b"staff id", *_NAME)
_HL7: Mapping[bytes, _Places] = {
    b"PID": {
        3: (b"mrn",),
        5: _NAME,
        6: _NAME,
        7: (b"dob",),
        9: _NAME,
        11: _ADDRESS,
        13: _PHONE,
        14: _PHONE,
        18: (b"account number",),
        19: (b"ssn",),
        20: (b"driver license",),
    },
    b"NK1": {2: _NAME, 4: _ADDRESS, 5: _PHONE, 6: _PHONE, 16: (b"dob",), 37: (b"ssn",)},
    b"GT1": {3: _NAME, 5: _ADDRESS, 6: _PHONE, 7: _PHONE, 8: (b"dob",), 12: (b"ssn",)},
    b"IN1": {16: _NAME, 18: (b"dob",), 19: _ADDRESS, 36: (b"policy number",), 49: (b"member id",)},
    b"PV1": {7: _DOCTOR, 8: _DOCTOR, 9: _DOCTOR, 17: _DOCTOR},
    b"ORC": {10: _DOCTOR, 11: _DOCTOR, 12: _DOCTOR},
}
_X12: Mapping[bytes, _Places] = {
    b"NM1": {3: _NAME[:1], 4: _NAME[1:2], 5: _NAME[2:]},
    b"DMG": {2: (b"dob",)},
    b"N3": {1: (b"address",), 2: (b"address2",)},
    b"N4": {3: (b"zip",)},
    b"PER": {2: (b"contact name",)},
}
_QUALIFIERS: Mapping[bytes, bytes] = {
    b"MI": b"member id",
    b"XX": b"npi",
    b"SY": b"ssn",
    b"34": b"ssn",
    b"EI": b"ein",
    b"EA": b"mrn",
    b"TE": b"phone",
    b"CP": b"phone",
    b"HP": b"phone",
    b"WP": b"phone",
    b"FX": b"fax",
}
"""X12 says with a code what the next field is."""

_QUALIFIED = (b"NM1", b"PER", b"REF")

_EDIFACT: Mapping[bytes, _Places] = {
    b"NAD": {4: (b"account holder",), 5: (b"street",), 8: (b"zip",)},
    b"CTA": {2: (b"", b"contact name")},
    b"DTM": {1: (b"", b"dob")},
}
_BIRTH = b"329:"
"""DTM says with a code what the date is of."""

_VCARD: Mapping[bytes, tuple[bytes, ...]] = {
    b"N": _NAME,
    b"ADR": (b"", b"", b"street", b"", b"", b"zip"),
}

_SEGMENT = re.compile(
    rb"(?<![A-Za-z0-9])(?:(?P<hl7>PID|NK1|GT1|IN1|PV1|ORC)\|(?P<bars>[^\r\n\"]*+)"
    rb"|(?P<x12>NM1|DMG|PER|N3|N4|REF)\*(?P<stars>[^~\r\n\"]*+)"
    rb"|(?P<edifact>NAD|CTA|DTM)\+(?P<pluses>(?:[^'?\r\n\"]++|\?.)*+))"
)
_PROPERTY = re.compile(
    rb"(?:^|[\r\n.])(?P<property>ADR|N)(?:;[A-Za-z0-9=,;\-]{1,80}+)?+:(?P<semicolons>[^\r\n\"]*+)", re.IGNORECASE
)
_CARD = b"BEGIN:VCARD"
_ORGANISATION = b"2"


def named_values(text: bytes) -> Iterator[NamedValue]:
    """Yield the components of all segments that are about people, under the names of their places."""
    for segment in _SEGMENT.finditer(text):
        if segment["hl7"]:
            yield from _placed(segment["bars"].split(b"|"), segment.start("bars"), _HL7[segment["hl7"]])
        elif segment["edifact"]:
            if segment["edifact"] != b"DTM" or segment["pluses"].startswith(_BIRTH):
                places = _EDIFACT[segment["edifact"]]
                yield from _placed(segment["pluses"].split(b"+"), segment.start("pluses"), places, b":")
        else:
            fields, start = segment["stars"].split(b"*"), segment.start("stars")
            if segment["x12"] != b"NM1" or fields[1:2] != [_ORGANISATION]:
                yield from _placed(fields, start, _X12.get(segment["x12"], {}))
            if segment["x12"] in _QUALIFIED:
                yield from _qualified(fields, start)
    is_card = _CARD in text
    for line in _PROPERTY.finditer(text):
        names = _VCARD[line["property"].upper()]
        if is_card or names is not _NAME:
            yield from _components(line["semicolons"], line.start("semicolons"), names, b";")


def _placed(fields: list[bytes], start: int, places: _Places, between: bytes = b"^") -> Iterator[NamedValue]:
    for number, field in enumerate(fields, start=1):
        if number in places:
            yield from _components(field, start, places[number], between)
        start += len(field) + 1


def _components(field: bytes, start: int, names: tuple[bytes, ...], between: bytes) -> Iterator[NamedValue]:
    for repetition in field.split(b"~"):
        at = start
        for name, component in zip(names, repetition.split(between), strict=False):
            if name and component:
                yield NamedValue(name, at, at + len(component), bare=True)
            at += len(component) + 1
        start += len(repetition) + 1


def _qualified(fields: list[bytes], start: int) -> Iterator[NamedValue]:
    for qualifier, value in pairwise(fields):
        start += len(qualifier) + 1
        if value and qualifier in _QUALIFIERS:
            yield NamedValue(_QUALIFIERS[qualifier], start, start + len(value), bare=True)
