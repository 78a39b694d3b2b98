"""The label vocabulary as the prompt shows it: canonical names, paraphrases, and which labels mean nearly the same."""

from __future__ import annotations

from random import Random
from typing import Final

# Canonical label -> other ways a user may write it. The LAST paraphrase of each is never trained on:
# it measures whether the prompt is read or only recognised.
PARAPHRASES: Final[dict[str, tuple[str, ...]]] = {
    "account_number": ("bank account number", "account number", "bank account", "acct number", "number of the account"),
    "age": ("person age", "age in years", "how old"),
    "api_key": ("api key", "access token", "secret key", "auth token", "bearer token", "credential token"),
    "bank_routing_number": ("routing number", "aba number", "sort code", "bank routing code"),
    "biometric_identifier": ("biometric id", "fingerprint id", "biometric template number"),
    "blood_type": ("blood group", "blood type", "type of blood"),
    "certificate_license_number": ("license number", "certificate number", "professional licence number"),
    "city": ("town", "city name", "municipality"),
    "company_name": ("company", "organization", "business name", "employer", "organisation name", "firm"),
    "coordinate": ("gps coordinates", "latitude and longitude", "geographic coordinate"),
    "country": ("country name", "nation", "name of a country"),
    "county": ("county name", "district", "administrative county"),
    "credit_debit_card": ("credit card number", "card number", "debit card", "payment card", "payment card number"),
    "customer_id": ("customer id", "client id", "customer number", "client number"),
    "cvv": ("cvc", "card security code", "card verification code"),
    "date": ("calendar date", "day", "date value"),
    "date_of_birth": ("date of birth", "dob", "birth date", "birthday"),
    "date_time": ("timestamp", "date and time", "datetime"),
    "device_identifier": ("device id", "imei", "device serial number", "identifier of the device"),
    "education_level": ("education", "degree", "highest education"),
    "email": ("email address", "e-mail", "mail address", "e-mail address"),
    "employee_id": ("employee id", "staff number", "employee number", "personnel number"),
    "employment_status": ("employment status", "job status", "work status"),
    "fax_number": ("fax", "fax number", "telefax number"),
    "first_name": ("first name", "given name", "forename"),
    "gender": ("sex", "gender identity", "person's gender"),
    "health_plan_beneficiary_number": ("health insurance number", "insurance member id", "health plan number"),
    "http_cookie": ("cookie", "session cookie", "browser cookie"),
    "ipv4": ("ip address", "ipv4 address", "ip", "internet address"),
    "ipv6": ("ipv6 address", "ip version 6", "ip v6 address"),
    "language": ("spoken language", "language name", "tongue spoken"),
    "last_name": ("last name", "surname", "family name"),
    "license_plate": ("number plate", "vehicle registration", "license plate number"),
    "mac_address": ("mac address", "hardware address", "ethernet address"),
    "medical_record_number": ("mrn", "patient id", "medical record number", "patient number"),
    "national_id": ("national id", "identity card number", "national identification number", "id card number"),
    "occupation": ("job title", "profession", "job"),
    "password": ("passphrase", "login password", "secret password"),
    "phone_number": ("phone number", "telephone number", "mobile number", "phone", "contact number"),
    "pin": ("pin code", "personal identification number", "pin number"),
    "political_view": ("political affiliation", "political opinion", "political party"),
    "postcode": ("postal code", "zip code", "zip", "postal zip"),
    "race_ethnicity": ("ethnicity", "race", "ethnic group"),
    "religious_belief": ("religion", "faith", "religious affiliation"),
    "sexuality": ("sexual orientation", "orientation", "sexual preference"),
    "ssn": ("social security number", "us social security number", "social security no"),
    "state": ("us state", "state or province", "province"),
    "street_address": ("street address", "address", "home address", "postal address", "mailing address"),
    "swift_bic": ("swift code", "bic", "swift bic code", "bank identifier code"),
    "tax_id": ("tax id", "vat number", "taxpayer number", "tax identification number"),
    "time": ("time of day", "clock time", "hour of day"),
    "unique_id": ("identifier", "unique identifier", "uuid", "reference number", "reference id"),
    "url": ("web address", "link", "website", "web link"),
    "user_name": ("username", "login name", "user id", "account name", "user name"),
    "vehicle_identifier": ("vin", "vehicle identification number", "chassis number"),
    "iban": ("iban number", "international bank account number", "iban account"),
    "passport_number": ("passport number", "passport", "passport id", "passport no"),
    "driver_license_number": ("driver license", "driving licence number", "driver's license number"),
    "crypto_wallet": ("crypto wallet address", "bitcoin address", "wallet", "cryptocurrency address"),
    "private_key": ("private key", "pem private key", "secret private key"),
}
LABELS: Final = tuple(PARAPHRASES)

# One span over the whole name, asked for instead of first_name and last_name.
PERSON_NAMES: Final = ("person", "person name", "full name", "name of a person")

# When the exact label of a value is not in the prompt, these neighbours are neither right nor wrong for it.
NEIGHBOURS: Final[dict[str, frozenset[str]]] = {
    label: frozenset(near)
    for label, near in {
        "account_number": ("customer_id", "unique_id", "iban", "bank_routing_number"),
        "api_key": ("password", "unique_id", "http_cookie", "private_key"),
        "bank_routing_number": ("account_number", "swift_bic", "unique_id"),
        "biometric_identifier": ("unique_id", "device_identifier"),
        "certificate_license_number": ("unique_id", "driver_license_number", "national_id"),
        "city": ("state", "county", "country", "street_address"),
        "coordinate": ("street_address",),
        "country": ("state", "city", "street_address", "race_ethnicity"),
        "county": ("state", "city", "street_address"),
        "credit_debit_card": ("account_number",),
        "customer_id": ("account_number", "unique_id", "user_name", "employee_id"),
        "date": ("date_of_birth", "date_time", "time"),
        "date_of_birth": ("date", "date_time"),
        "date_time": ("date", "time"),
        "device_identifier": ("unique_id",),
        "driver_license_number": ("certificate_license_number", "national_id", "unique_id"),
        "email": ("user_name",),
        "employee_id": ("unique_id", "customer_id", "user_name"),
        "fax_number": ("phone_number",),
        "first_name": ("last_name", "user_name"),
        "last_name": ("first_name", "user_name"),
        "health_plan_beneficiary_number": ("unique_id", "customer_id", "medical_record_number", "account_number"),
        "http_cookie": ("api_key", "unique_id"),
        "iban": ("account_number",),
        "ipv4": ("ipv6",),
        "ipv6": ("ipv4",),
        "language": ("race_ethnicity",),
        "medical_record_number": ("unique_id", "health_plan_beneficiary_number", "customer_id"),
        "national_id": ("ssn", "tax_id", "passport_number", "unique_id"),
        "passport_number": ("national_id", "unique_id"),
        "password": ("api_key", "pin"),
        "phone_number": ("fax_number",),
        "pin": ("password", "cvv"),
        "postcode": ("street_address",),
        "private_key": ("api_key",),
        "ssn": ("national_id", "tax_id"),
        "state": ("city", "county", "country", "street_address"),
        "street_address": ("city", "state", "postcode", "country", "county"),
        "tax_id": ("national_id", "ssn", "unique_id"),
        "time": ("date_time",),
        "unique_id": ("account_number", "customer_id", "device_identifier"),
        "user_name": ("first_name", "last_name", "unique_id"),
        "vehicle_identifier": ("unique_id", "license_plate"),
        "crypto_wallet": ("unique_id", "account_number", "api_key"),
        "url": (),
    }.items()
}


def spelling(label: str, rng: Random) -> str:
    """How the prompt spells `label` this time: canonical three times in five, else a trained paraphrase."""
    if rng.random() < 0.6:
        return label
    return rng.choice(PARAPHRASES[label][:-1])
