"""The label vocabulary as the prompt shows it: canonical names, paraphrases, and which labels mean nearly the same."""

from __future__ import annotations

from random import Random
from typing import Final

# Canonical label -> other ways a user may write it. The LAST paraphrase of each is never trained on:
# it measures whether the prompt is read or only recognised.
PARAPHRASES: Final[dict[str, tuple[str, ...]]] = {
    "account_number": ("bank account number", "account number", "bank account", "acct number", "bank account no", "acct no", "number of the account"),
    "age": ("person age", "age in years", "years of age", "age of a person", "years old", "how old"),
    "api_key": ("api key", "access token", "secret key", "auth token", "bearer token", "api token", "secret token", "access key", "service credential", "api secret", "credential token"),
    "bank_routing_number": ("routing number", "aba number", "sort code", "routing code", "aba routing number", "branch code of a bank", "bank routing code"),
    "biometric_identifier": ("biometric id", "fingerprint id", "biometrics", "face id", "iris id", "biometric data reference", "biometric template number"),
    "blood_type": ("blood group", "blood type", "blood", "abo group", "type of blood"),
    "certificate_license_number": ("license number", "certificate number", "professional license", "certification number", "permit number", "professional licence number"),
    "city": ("town", "city name", "name of a city", "place name", "city or town", "village", "municipality"),
    "company_name": ("company", "organization", "business name", "employer", "organisation name", "organisation", "business", "institution", "company or organization", "corporation", "firm"),
    "coordinate": ("gps coordinates", "latitude and longitude", "gps position", "geo location", "lat long", "coordinates", "geographic coordinate"),
    "country": ("country name", "nation", "state or nation", "land", "country of residence", "name of a country"),
    "county": ("county name", "district", "county or district", "region name", "administrative county"),
    "credit_debit_card": ("credit card number", "card number", "debit card", "payment card", "card no", "credit card", "pan", "bank card number", "visa or mastercard number", "payment card number"),
    "customer_id": ("customer id", "client id", "customer number", "customer no", "member number", "membership id", "client reference", "customer or policy number", "policyholder or customer number", "client number"),
    "cvv": ("cvc", "card security code", "cvv2", "security code of the card", "cvc code", "card verification code"),
    "date": ("calendar date", "day", "a date", "day month year", "calendar day", "date value"),
    "date_of_birth": ("date of birth", "dob", "birth date", "birthdate", "born on", "person's birth date", "day of birth", "birthday"),
    "date_time": ("timestamp", "date and time", "time stamp", "moment in time", "date with time", "datetime"),
    "device_identifier": ("device id", "imei", "device serial number", "imei number", "device serial", "hardware id", "phone imei", "identifier of the device"),
    "education_level": ("education", "degree", "schooling", "academic degree", "highest education"),
    "email": ("email address", "e-mail", "mail address", "mail", "email id", "electronic mail address", "contact email", "e-mail address"),
    "employee_id": ("employee id", "staff number", "employee number", "personnel id", "badge number", "staff id", "worker id", "personnel number"),
    "employment_status": ("employment status", "job status", "work situation", "employment", "work status"),
    "fax_number": ("fax", "fax number", "fax no", "facsimile number", "telefax number"),
    "first_name": ("first name", "given name", "firstname", "person's first name", "christian name", "first name of a person", "name given at birth", "given names", "first names", "fname", "baptismal name", "name somebody goes by", "front name", "forename"),
    "gender": ("sex", "gender identity", "male or female", "gender of a person", "person's gender"),
    "health_plan_beneficiary_number": ("health insurance number", "insurance member id", "health plan id", "health insurance id", "insurance number", "medicare number", "health plan number"),
    "http_cookie": ("cookie", "session cookie", "http cookie value", "web cookie", "cookies", "browser cookie"),
    "ipv4": ("ip address", "ipv4 address", "ip", "ip v4", "network address", "ip number", "host ip", "address of a host", "ip of a client", "internet address"),
    "ipv6": ("ipv6 address", "ip version 6", "ip6 address", "long ip address", "ip v6 address"),
    "language": ("spoken language", "language name", "mother tongue", "language spoken", "tongue spoken"),
    "last_name": ("last name", "surname", "lastname", "person's last name", "second name", "last name of a person", "name of the family", "last names", "lname", "name of somebody's family", "paternal name", "family name"),
    "license_plate": ("number plate", "vehicle registration", "car plate", "plate number", "registration plate", "licence plate", "license plate number"),
    "mac_address": ("mac address", "hardware address", "mac", "physical address of a network card", "nic address", "address of a network card", "mac of a device", "ethernet address"),
    "medical_record_number": ("mrn", "patient id", "medical record number", "medical record", "chart number", "hospital number", "health record number", "patient number"),
    "national_id": ("national id", "identity card number", "national identification number", "national identity number", "citizen id", "identity number", "personal id number", "id card number"),
    "occupation": ("job title", "profession", "job name", "position held", "line of work", "job position", "job"),
    "password": ("passphrase", "login password", "pass word", "account password", "login secret", "user's password", "secret password"),
    "phone_number": ("phone number", "telephone number", "mobile number", "phone", "telephone", "cell number", "mobile phone", "tel", "phone no", "number to call", "contact number"),
    "pin": ("pin code", "personal identification number", "pin", "four digit pin", "secret pin", "pin number"),
    "political_view": ("political affiliation", "political opinion", "politics", "political leaning", "party membership", "political party"),
    "postcode": ("postal code", "zip code", "zip", "post code", "zipcode", "postal number", "postal zip"),
    "race_ethnicity": ("ethnicity", "race", "ethnic origin", "racial origin", "ethnic background", "ethnic group"),
    "religious_belief": ("religion", "faith", "belief", "creed", "religious views", "religious affiliation"),
    "sexuality": ("sexual orientation", "orientation", "sexual identity", "sexual orientation of a person", "sexual preference"),
    "ssn": ("social security number", "us social security number", "social security", "social insurance number", "ssn number", "social security no"),
    "state": ("us state", "state or province", "federal state", "region", "state name", "province"),
    "street_address": ("street address", "address", "home address", "postal address", "location address", "street", "residential address", "postal address of a person", "shipping address", "where somebody lives", "delivery address", "billing address", "address for mail", "correspondence address", "house address", "address of a house", "mailing address"),
    "swift_bic": ("swift code", "bic", "swift bic code", "bic code", "swift", "swift number", "bank identifier code"),
    "tax_id": ("tax id", "vat number", "taxpayer number", "tax number", "tin", "vat id", "tax code", "tax identification number"),
    "time": ("time of day", "clock time", "hour", "time value", "clock", "hour of day"),
    "unique_id": ("identifier", "unique identifier", "uuid", "reference number", "id", "unique id", "case number", "order number", "tracking number", "reference id"),
    "url": ("web address", "link", "website", "uri", "internet link", "web page address", "site link", "web link"),
    "user_name": ("username", "login name", "user id", "account name", "login", "user", "account login", "screen name", "user handle", "nickname", "logon name", "login id", "logon id", "user login", "log-in name", "signon", "account user", "name of a user account", "system account", "name used to log in", "online handle", "member name", "unix user", "who logged in", "sign-in name"),
    "vehicle_identifier": ("vin", "vehicle identification number", "vin number", "vehicle id", "car identification number", "chassis number"),
    "iban": ("iban number", "international bank account number", "iban code", "international account number", "iban account"),
    "passport_number": ("passport number", "passport", "passport id", "passport document number", "travel document number", "passport no"),
    "driver_license_number": ("driver license", "driving licence number", "driver's license", "driving license", "licence number of a driver", "driver's license number"),
    "crypto_wallet": ("crypto wallet address", "bitcoin address", "wallet", "crypto address", "ethereum address", "coin address", "cryptocurrency address"),
    "private_key": ("private key", "pem private key", "rsa private key", "signing key", "secret private key"),
}  # fmt: skip
LABELS: Final = tuple(PARAPHRASES)

# What the shipped model is asked for in place of a label's name: as few word pieces as say it, for each is paid for in
# every text. Labels that are not here are spelled as they are.
WORDING: Final[dict[str, str]] = {
    "account_number": "account", "api_key": "token", "bank_routing_number": "routing", "biometric_identifier": "biometric",
    "blood_type": "blood", "certificate_license_number": "certificate", "company_name": "company", "coordinate": "coordinates",
    "credit_debit_card": "card number", "crypto_wallet": "wallet", "customer_id": "customer", "date_of_birth": "birth",
    "date_time": "timestamp", "device_identifier": "device", "driver_license_number": "driver", "education_level": "degree",
    "employee_id": "employee", "employment_status": "employment", "fax_number": "fax", "first_name": "first name",
    "health_plan_beneficiary_number": "insurance", "http_cookie": "cookie", "ipv4": "ip", "last_name": "surname",
    "license_plate": "plate", "mac_address": "mac", "medical_record_number": "medical", "national_id": "national id",
    "passport_number": "passport", "phone_number": "phone", "political_view": "politics", "postcode": "zip", "private_key": "private key",
    "race_ethnicity": "ethnicity", "religious_belief": "religion", "ssn": "social", "street_address": "address",
    "swift_bic": "swift", "tax_id": "tax", "unique_id": "identifier", "user_name": "username", "vehicle_identifier": "vin",
}  # fmt: skip

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
        "date": ("date_time", "time"),
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


def worded(label: str) -> str:
    """What the shipped model is asked for in place of `label`."""
    return WORDING.get(label, label)


def spelling(label: str, rng: Random) -> str:
    """How the prompt spells `label` this time: canonical or as shipped, else a trained paraphrase, dressed at random."""
    kind = rng.random()
    if kind < 0.55:
        return label if kind < 0.25 else worded(label)
    text = rng.choice((label.replace("_", " "), *PARAPHRASES[label][:-1]))
    dress = rng.random()
    if dress < 0.08:
        return text.replace(" ", "_")
    if dress < 0.14:
        return f"{rng.choice(('the', 'a', 'customer', 'user', 'personal', 'any', 'client', 'private'))} {text}"
    if dress < 0.18:
        return f"{text} {rng.choice(('value', 'of a person', 'of the customer', 'field', 'in the text', 'data'))}"
    return text.title() if dress < 0.22 else text
