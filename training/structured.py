"""Records with keys: JSON, logfmt, object dumps, XML, YAML, CSV, query strings. Some keys tell the truth, some do not."""

from __future__ import annotations

from random import Random
from typing import Final

from training.scene import Piece, Scene

# Field of the scene -> the keys it goes by.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "full": ("name", "user", "customer", "contact", "full_name", "fullName", "displayName", "patient", "author", "from", "recipient", "account_holder", "shipTo", "approved_by", "owner", "assignee", "cardholder", "reporter", "driver", "cn", "sender", "created_by", "beneficiary", "to", "manager", "customer_name", "guest", "signed_by", "employee", "student", "caller"),
    "first_name": ("first_name", "firstName", "fname", "given_name", "first", "givenName", "forename", "FIRST_NAME", "name", "nick", "first-name"),
    "last_name": ("last_name", "lastName", "lname", "surname", "family_name", "last", "sn", "LAST_NAME", "familyName"),
    "email": ("email", "mail", "user_email", "to", "from", "contact", "e-mail", "rcpt", "cc", "emailAddress", "login", "user", "subject", "principalEmail", "replyTo", "EMAIL", "username"),
    "phone_number": ("phone", "tel", "mobile", "msisdn", "contact", "phoneNumber", "cell", "sms_to", "caller_id", "phone_number", "to", "whatsapp", "callerNumber", "home_phone"),
    "fax_number": ("fax", "faxNumber", "fax_no"),
    "full_address": ("address", "addr", "shipping_address", "billing_address", "ship_to", "home", "formatted_address", "location", "deliverTo", "residence"),
    "street_address": ("street", "address1", "addressLine1", "street_address", "line1", "addr1", "address"),
    "city": ("city", "town", "locality", "birthplace", "destination"),
    "state": ("state", "province", "region_code", "st"),
    "county": ("county",),
    "country": ("country", "nation", "nationality", "country_name", "citizenship"),
    "postcode": ("zip", "postcode", "postal_code", "zipcode", "postalCode", "plz"),
    "date_of_birth": ("dob", "birth_date", "birthdate", "dateOfBirth", "born", "date_of_birth", "birthday", "DOB"),
    "ssn": ("ssn", "social", "SSN", "social_security_number", "socialSecurity"),
    "national_id": ("national_id", "nin", "idNumber", "nid", "cpf", "pesel", "dni", "personnummer", "aadhaar"),
    "tax_id": ("tax_id", "tin", "vat", "taxNumber", "vat_id", "ein"),
    "credit_debit_card": ("card", "pan", "cc", "card_number", "cardNumber", "cc_num", "creditCard", "paymentCard"),
    "cvv": ("cvv", "cvc", "cvv2", "security_code", "cvc2"),
    "account_number": ("account", "acct", "account_no", "accountNumber", "bank_account", "debit_account", "acctNum"),
    "bank_routing_number": ("routing", "aba", "routing_number", "sort_code", "blz"),
    "iban": ("iban", "IBAN", "creditor_iban", "account"),
    "swift_bic": ("bic", "swift", "swift_code"),
    "ip": ("ip", "client_ip", "remote_addr", "src", "source_ip", "clientIp", "rhost", "x-forwarded-for", "peer", "dst", "sourceIPAddress", "addr", "host", "remote_ip", "ipAddress", "client"),
    "mac_address": ("mac", "hwaddr", "device_mac", "macAddress", "bssid", "ether"),
    "url": ("url", "referer", "uri", "website", "callback", "link", "redirect_uri", "homepage"),
    "user_name": ("user", "username", "login", "uid", "userName", "account", "ruser", "actor", "principal", "handle", "acct", "logname", "suser", "duser", "owner", "screen_name", "sAMAccountName", "userid", "by", "user_name", "requester", "SUBJECT", "caller"),
    "password": ("password", "passwd", "pwd", "pass", "secret", "db_password", "PASSWORD", "passphrase", "new_password"),
    "api_key": ("api_key", "token", "access_token", "apikey", "secret", "authorization", "key", "bearer", "secret_key", "x-api-key", "client_secret", "refresh_token"),
    "private_key": ("private_key", "privateKey", "pem", "signing_key"),
    "company_name": ("company", "org", "organization", "employer", "tenant", "merchant", "vendor", "o", "companyName"),
    "occupation": ("job_title", "job", "occupation", "position", "profession"),
    "medical_record_number": ("mrn", "patient_id", "MRN", "medical_record", "chart_no"),
    "health_plan_beneficiary_number": ("insurance_id", "member_id", "health_plan", "beneficiary_no", "subscriber_id"),
    "passport_number": ("passport", "passport_no", "passportNumber", "travel_doc"),
    "driver_license_number": ("dl", "license", "driver_license", "dln", "driversLicense"),
    "license_plate": ("plate", "license_plate", "vrm", "registration", "plate_no"),
    "vehicle_identifier": ("vin", "VIN", "chassis", "vehicle_id"),
    "employee_id": ("employee_id", "emp", "staff_no", "badge", "employeeNumber", "personnel_no", "emp_no"),
    "customer_id": ("customer_id", "cust", "client_no", "customerId", "member", "cust_no", "clientId"),
    "certificate_license_number": ("license_no", "certificate", "cert_no", "npi"),
    "crypto_wallet": ("wallet", "btc", "address", "eth", "wallet_address", "payout_address"),
    "device_identifier": ("device_id", "imei", "serial", "udid", "deviceId", "android_id"),
    "biometric_identifier": ("fingerprint", "biometric_id", "face_id", "template_id"),
    "coordinate": ("location", "gps", "coords", "latlng", "position", "geo"),
    "age": ("age", "patient_age"),
    "gender": ("gender", "sex"),
    "blood_type": ("blood_type", "bloodGroup"),
    "language": ("language", "preferred_language"),
    "religious_belief": ("religion", "faith"),
    "race_ethnicity": ("ethnicity", "race"),
    "political_view": ("party", "political_affiliation"),
    "sexuality": ("orientation", "sexual_orientation"),
    "education_level": ("education", "degree"),
    "employment_status": ("employment_status", "employment"),
    "pin": ("pin", "pin_code", "otp"),
    "http_cookie": ("cookie", "set-cookie", "Cookie"),
    "date": ("date", "due", "expires", "valid_until", "start_date"),
    "time": ("time", "at", "clock_in"),
    "date_time": ("ts", "timestamp", "time", "@timestamp", "created_at", "last_login", "eventTime", "updatedAt"),
    "unique_id": ("request_id", "order_id", "id", "uuid", "transaction_id", "correlationId", "session_id", "ref", "case_no", "txn", "orderNumber"),
}  # fmt: skip
HARMLESS: Final[dict[str, tuple[str, ...]]] = {
    "n": ("bytes", "count", "offset", "size", "seq", "latency_ms", "lag", "retries", "total", "length", "id", "index", "line", "amount"),
    "port": ("port", "sport", "dport", "srcPort"),
    "pid": ("pid", "ppid", "tid", "auid"),
    "uid": ("uid", "gid", "euid", "auid", "user_id"),
    "level": ("level", "severity", "lvl", "loglevel"),
    "service": ("service", "app", "component", "name", "source", "logger", "job_name", "queue", "client"),
    "class": ("class", "logger", "logger_name", "exception", "type", "name"),
    "method": ("method", "function", "func", "action"),
    "thread": ("thread", "thread_name", "threadName"),
    "host": ("host", "hostname", "node", "server", "instance", "node_name", "from", "broker"),
    "file": ("file", "path", "filename", "exe", "config", "name", "cwd"),
    "route": ("route", "path", "endpoint", "uri", "resource"),
    "version": ("version", "v", "release", "app_version", "os_version", "driver"),
    "hex": ("trace_id", "span_id", "hash", "commit", "etag", "sha", "digest", "key"),
    "size": ("memory", "size", "heap"),
    "duration": ("duration", "took", "elapsed", "timeout", "rt"),
    "http_status": ("status", "code", "http_status", "statusCode"),
    "http_method": ("method", "verb", "http_method"),
    "env": ("env", "environment", "stage"),
    "region": ("region", "zone", "aws_region"),
    "agent": ("user_agent", "ua", "userAgent", "http_user_agent"),
    "word": ("status", "type", "event", "state", "topic", "tag", "feature", "title", "category", "name", "role", "user_role"),
    "words": ("message", "msg", "description", "detail", "reason", "note"),
    "code": ("code", "error_code", "err"),
    "placeholder": ("user", "email", "name", "password", "ip", "token", "phone", "username", "ssn", "from", "to"),
    "amount": ("amount", "total", "price", "balance"),
    "percent": ("cpu", "progress", "usage"),
    "block": ("block", "task", "container", "segment"),
    "product": ("product", "item", "sku_name"),
    "blob": ("client_request_id", "operation_id", "insertId", "etag", "cert_sha256", "checksum", "uti", "registration_id", "device_handle", "certificate", "correlationId", "fingerprint", "serial", "token_type", "client_id", "name"),
    "browser": ("user_agent", "userAgent", "ua", "callerSuppliedUserAgent", "agent"),
    "ident": ("event", "name", "operation", "source", "logger", "type", "property", "key", "kind", "by", "client", "action", "owner_type"),
    "proper": ("product", "vendor", "app", "module", "source", "name", "client", "process", "publisher", "driver", "author_tool"),
    "rack": ("location", "node", "slot", "unit", "port"),
    "pkgver": ("version", "package_version", "kernel", "build", "firmware"),
    "pkg": ("package", "dependency", "module", "name"),
    "country_code": ("country", "countryCode", "country_code", "cc", "geo", "market", "nationality", "locale"),
    "timezone": ("tz", "timezone", "time_zone"),
    "locale_tag": ("locale", "lang", "language_tag", "ui_language"),
    "compact": ("ts", "time", "epoch", "build_date", "day", "date", "created"),
}  # fmt: skip
EVENTS: Final = ("event", "request completed", "user updated", "payload:", "record", "login failed", "saved", "audit", "received", "response body:", "POST body", "parameters:", "session", "sync", "profile", "dump", "params =", "DTO", "type=USER_AUTH msg=audit(1700000000.123:42):", "notification", "job finished", "row", "{", "data:")  # fmt: skip
RARE: Final = frozenset({"age", "gender", "blood_type", "language", "religious_belief", "race_ethnicity", "political_view", "sexuality", "education_level", "employment_status", "county", "biometric_identifier", "private_key", "fax_number", "date", "time"})  # fmt: skip
_SENSITIVE: Final = tuple(KEYS)
_WEIGHTS: Final = tuple(4 if k in {"full", "user_name", "email"} else 2 if k in {"first_name", "last_name", "phone_number", "ip", "full_address", "password"} else 0.5 if k in RARE else 1 for k in KEYS)  # fmt: skip

# name -> (open, key-value joint, value quote, separator, close, key quote)
STYLES: Final[dict[str, tuple[str, str, str, str, str, str]]] = {
    "json": ("{", ": ", '"', ", ", "}", '"'),
    "tight json": ("{", ":", '"', ",", "}", '"'),
    "pretty json": ("{\n  ", ": ", '"', ",\n  ", "\n}", '"'),
    "python": ("{", ": ", "'", ", ", "}", "'"),
    "escaped json": ('{\\"', '\\":\\"', "", '\\",\\"', '\\"}', ""),
    "logfmt": ("", "=", "", " ", "", ""),
    "quoted logfmt": ("", "=", '"', " ", "", ""),
    "commas": ("", "=", "", ", ", "", ""),
    "colons": ("", ": ", "", "; ", "", ""),
    "object": ("(", "=", "'", ", ", ")", ""),
    "java": ("{", "=", "", ", ", "}", ""),
    "brackets": ("[", "=", "", ", ", "]", ""),
    "query": ("?", "=", "", "&", "", ""),
    "yaml": ("", ": ", "", "\n", "", ""),
    "pipes": ("", "=", "", "|", "", ""),
    "arrows": ("", " => ", "", ", ", "", ""),
    "ruby": ("{", "=>", '"', ", ", "}", '"'),
    "lines": ("", " = ", "", "\n", "", ""),
    "form": ("", ": ", "", "\n", "", ""),
    "syslog": ("[meta ", "=", '"', " ", "]", ""),
}


def _entries(scene: Scene) -> list[tuple[str, list[Piece]]]:
    """Keys with their values, sensitive and harmless in random order."""
    rng = scene.rng
    wanted = dict.fromkeys(
        rng.choices(_SENSITIVE, _WEIGHTS, k=rng.choices((0, 1, 2, 3, 4, 6), (14, 24, 24, 18, 12, 8))[0])
    )
    entries = [(rng.choice(KEYS[field]), scene.field(field)) for field in wanted]
    unwanted = rng.sample(tuple(HARMLESS), rng.randint(1, 6))
    entries += [(rng.choice(HARMLESS[field]), scene.field(field)) for field in unwanted]
    rng.shuffle(entries)
    return entries


def record(scene: Scene) -> list[Piece]:
    """One record in a random style, sometimes nested or after a word of introduction."""
    rng = scene.rng
    form = rng.random()
    if form < 0.06:
        return _xml(scene)
    if form < 0.12:
        return _csv(scene)
    style = rng.choice(tuple(STYLES))
    entries = _entries(scene)
    lead = f"{rng.choice(EVENTS)} " if "json" not in style and rng.random() < 0.5 else ""
    if style == "query":
        lead = f"{rng.choice(('GET', 'POST', 'redirect'))} {scene.field('route')[0].text.split('?')[0]}"
    body = _join(entries, style, rng)
    if "json" in style and style != "escaped json" and rng.random() < 0.25:
        body = [
            Piece('{"' + rng.choice(("data", "user", "event", "payload", "detail", "request")) + '": '),
            *body,
            Piece("}"),
        ]
    return [Piece(lead), *body]


def _join(entries: list[tuple[str, list[Piece]]], style: str, rng: Random) -> list[Piece]:
    opening, joint, quote, separator, close, key_quote = STYLES[style]
    pieces = [Piece(opening)]
    for index, (key, value) in enumerate(entries):
        if index:
            pieces.append(Piece(separator))
        written = key.upper() if rng.random() < 0.03 else key
        bare = quote and len(value) == 1 and value[0].text.isdigit() and rng.random() < 0.7 and value[0].text[0] != "0"
        mark = "" if bare else quote
        pieces += [Piece(f"{key_quote}{written}{key_quote}{joint}{mark}"), *value, Piece(mark)]
    return [*pieces, Piece(close)]


def _xml(scene: Scene) -> list[Piece]:
    tag = scene.rng.choice(("user", "record", "event", "customer", "row"))
    pieces = [Piece(f"<{tag}>")]
    for key, value in _entries(scene):
        name = key.lstrip("@")
        pieces += [Piece(f"<{name}>"), *value, Piece(f"</{name}>")]
    return [*pieces, Piece(f"</{tag}>")]


def _csv(scene: Scene) -> list[Piece]:
    """Values without their keys, with a header line half the time."""
    rng, entries = scene.rng, _entries(scene)
    comma = rng.choice((",", ";", "\t", " | ", ", "))
    pieces = [Piece(comma.join(key for key, _ in entries) + "\n")] if rng.random() < 0.5 else []
    for index, (_, value) in enumerate(entries):
        pieces += [Piece(comma if index else ""), *value]
    return pieces
