"""Coarse classes: what the labels of a data set and our own labels have in common.

Data sets call things by names of their own (`STREET_ADDRESS`, `address`), and so do we (`street_address`). To compare
them, each is mapped to a coarse class (`ADDRESS`). A class is *core*, personal data or a secret that must not stay, or
*soft*: finding it is neither rewarded nor punished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scrubber.core.labels import LABELS

CORE: Final = frozenset(
    {
        "PERSON", "EMAIL", "PHONE", "ADDRESS", "DATE_OF_BIRTH", "SSN", "GOV_ID", "CREDIT_CARD", "IBAN", "BANK_ACCOUNT",
        "IP", "MAC", "USERNAME", "SECRET", "MEDICAL_ID", "ACCOUNT_ID",
    }
)  # fmt: skip
"""Core classes of data that is labelled with our own labels."""

_CLASSES: Final = {
    "PERSON": "first_name last_name",
    "EMAIL": "email",
    "PHONE": "phone_number fax_number",
    "ADDRESS": "street_address postcode",
    "LOCATION": "city county state country coordinate",
    "DATE_OF_BIRTH": "date_of_birth",
    "DATE_TIME": "date date_time time",
    "AGE": "age",
    "SSN": "ssn",
    "GOV_ID": "national_id tax_id passport_number driver_license_number certificate_license_number",
    "CREDIT_CARD": "credit_debit_card",
    "IBAN": "iban",
    "BANK_ACCOUNT": "account_number bank_routing_number swift_bic crypto_wallet",
    "IP": "ipv4 ipv6",
    "MAC": "mac_address",
    "USERNAME": "user_name",
    "SECRET": "password api_key pin cvv http_cookie private_key",
    "MEDICAL_ID": "medical_record_number health_plan_beneficiary_number",
    "ACCOUNT_ID": "customer_id employee_id",
    "ORG": "company_name",
    "URL": "url",
    "DEMOGRAPHIC": "gender language occupation employment_status education_level political_view race_ethnicity "
    "religious_belief sexuality",
    "OTHER_ID": "unique_id device_identifier vehicle_identifier license_plate biometric_identifier",
    "OTHER": "blood_type",
}
COARSE: Final = {label: coarse for coarse, labels in _CLASSES.items() for label in labels.split()}
"""The class of each of our labels."""

_MERGED: Final = {"LOCATION": "ADDRESS"}  # nobody agrees where a place ends and an address begins


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Classes of labels.

    `by_source`: source -> label of its data -> class; None where the data has our own labels. `ours`: our label ->
    class, where it is not as in `COARSE`.
    """

    core: frozenset[str]
    by_source: Mapping[str, Mapping[str, str]] | None
    ours: Mapping[str, str]

    def given(self, source: str, label: str) -> str | None:
        """Return the class of a label of the data; None where nobody knows it."""
        return COARSE.get(label) if self.by_source is None else self.by_source.get(source, {}).get(label)

    def found(self, label: str) -> str:
        """Return the class of one of our labels. A custom label is a class of its own, and soft."""
        return self.ours.get(label) or COARSE.get(label, label.upper())


OWN_LABELS: Final = LabelMap(CORE, None, {})
"""For data that is labelled with our own labels."""


def same_class(one: str, other: str) -> bool:
    """Whether two classes count as one. A place is part of an address."""
    return _MERGED.get(one, one) == _MERGED.get(other, other)


assert COARSE.keys() == LABELS.keys(), "A label without a coarse class. This is a bug."
