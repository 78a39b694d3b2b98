"""The one vocabulary of labels that policies, detectors, tokens and audit events speak.

The first 55 are spelt as the model `nvidia/gliner-PII` was trained on them (another spelling silently loses recall),
the rest are ours. A detector with other names maps them onto these, so a model can change without a policy changing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import NamedTuple


class Label(NamedTuple):
    """One kind of finding.

    `soft`: identifies nobody by itself (a city, an age), or only where it stands beside something else.
    `coarse`: its spans usually hold spans of finer labels (an address holds a city, a URL an e-mail), which name the
    part that they cover better.
    `shaped`: its form or its check digits prove it wherever it stands: the rules find all of it, and no model is asked.
    (A mail address is not: people say it, or lose its marks.)
    `on`: part of a policy that does not say otherwise. Off are those that cost log readers more than they protect.
    """

    name: str
    meaning: str
    soft: bool = False
    coarse: bool = False
    shaped: bool = False
    on: bool = True


_ALL = (
    Label("account_number", "number of a bank or other financial account"),
    Label("age", "somebody's age", soft=True, on=False),
    Label("api_key", "key, token or other secret that a program signs in with"),
    Label("bank_routing_number", "number that names a bank branch (ABA, sort code)"),
    Label("biometric_identifier", "reference to a fingerprint, face, iris or voice template"),
    Label("blood_type", "blood group", soft=True),
    Label("certificate_license_number", "number of a professional certificate or licence"),
    Label("city", "town or city", soft=True, on=False),
    Label("company_name", "company or other organisation", soft=True, on=False),
    Label("coordinate", "geographic position, latitude and longitude"),
    Label("country", "country", soft=True, on=False),
    Label("county", "county or district", soft=True, on=False),
    Label("credit_debit_card", "number of a payment card", shaped=True),
    Label("customer_id", "number or name of a customer in somebody's books: of a client, a member, a policy, a claim"),
    Label("cvv", "security code of a payment card"),
    Label("date", "calendar date that is nobody's birthday", soft=True, on=False),
    Label("date_of_birth", "birthday"),
    Label("date_time", "date with a time of day", soft=True, coarse=True, on=False),
    Label("device_identifier", "serial number of a device: IMEI, UDID, advertising id"),
    Label("education_level", "degree or schooling", soft=True, on=False),
    Label("email", "e-mail address"),
    Label("employee_id", "number of an employee"),
    Label("employment_status", "employed, retired, on leave and the like", soft=True, on=False),
    Label("fax_number", "fax number"),
    Label("first_name", "given name"),
    Label("gender", "gender", soft=True),
    Label("health_plan_beneficiary_number", "number of somebody insured in a health plan"),
    Label("http_cookie", "value of a cookie", coarse=True),
    Label("ipv4", "IPv4 address", shaped=True),
    Label("ipv6", "IPv6 address", shaped=True),
    Label("language", "language that somebody speaks", soft=True, on=False),
    Label("last_name", "family name"),
    Label("license_plate", "number plate of a vehicle"),
    Label("mac_address", "hardware address of a network interface", shaped=True),
    Label("medical_record_number", "number of a patient or of a medical record"),
    Label("national_id", "number of a national identity scheme"),
    Label("occupation", "job or profession", soft=True, on=False),
    Label("password", "password or passphrase"),
    Label("phone_number", "telephone number"),
    Label("pin", "personal identification number"),
    Label("political_view", "political opinion"),
    Label("postcode", "postal code", soft=True),
    Label("race_ethnicity", "racial or ethnic origin"),
    Label("religious_belief", "religion or belief"),
    Label("sexuality", "sexual orientation"),
    Label("ssn", "social security number of the United States"),
    Label("state", "state or province", soft=True, on=False),
    Label("street_address", "postal address or its street part", coarse=True),
    Label("swift_bic", "code that names a bank (BIC)", soft=True),
    Label("tax_id", "tax number of a person or business"),
    Label("time", "time of day", soft=True, on=False),
    Label("unique_id", "opaque identifier of anything", soft=True, on=False),
    Label("url", "web address", soft=True, coarse=True, on=False),
    Label("user_name", "name of an account that a person signs in with"),
    Label("vehicle_identifier", "number of a vehicle (VIN)"),
    Label("iban", "international bank account number", shaped=True),
    Label("passport_number", "number of a passport"),
    Label("driver_license_number", "number of a driving licence"),
    Label("crypto_wallet", "address of a wallet of a crypto-currency", shaped=True),
    Label("private_key", "private cryptographic key", coarse=True, shaped=True),
)

LABELS: dict[str, Label] = {label.name: label for label in _ALL}
"""All labels by name, in the order in which a model is asked for them."""

DEFAULT_OFF = frozenset(label.name for label in _ALL if not label.on)
"""Labels that a policy has to switch on."""

DIGITS_MATTER = frozenset({"age", "date", "date_time", "time"})
"""Labels of which little is left where digits stand for any digits."""

MASKED_FIELD = "masked_field"
"""Label of a field that the policy masks whole, whatever is in it. No detector finds it."""

DENIED = "denied"
"""Label for values of a deny-list that fit no other label. No detector finds it."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def is_label_name(name: str) -> bool:
    """Whether `name` can be a label at all: snake case, at most 63 characters."""
    return _NAME.fullmatch(name) is not None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint for a misspelt `name`: the nearest of `known`, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""
