"""Values that carry a label and need no person: numbers of all kinds, network addresses, secrets, dates, attributes."""

from __future__ import annotations

import string
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from training import credentials, pools
from training.shapes import ALNUM, HEX, UPPER, Maker, chars, digits, one_of, pattern, shapes


def moment(rng: Random) -> datetime:
    """A time in the last twenty-five years."""
    return datetime(2002, 1, 1, tzinfo=UTC) + timedelta(
        seconds=rng.randrange(25 * 365 * 86400), milliseconds=rng.randrange(1000)
    )


DATE_SHAPES: Final = (
    "%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%B %d, %Y", "%d %B %Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%Y/%m/%d",
    "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%m/%d/%y", "%d/%m/%y", "%d-%b-%Y", "%B %dth, %Y", "%A, %B %d, %Y", "%B %d", "%d %B",
)  # fmt: skip
DATE_TIME_SHAPES: Final = (
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S,{ms}", "%Y-%m-%dT%H:%M:%S.{ms}Z", "%Y-%m-%d %H:%M:%S.{ms}",
    "%d/%b/%Y:%H:%M:%S +0000", "%b %d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+02:00", "%a %b %d %H:%M:%S %Y",
    "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y-%m-%d-%H.%M.%S.{ms}", "%a, %d %b %Y %H:%M:%S +0000", "%y/%m/%d %H:%M:%S",
    "%m-%d %H:%M:%S.{ms}", "%d %b %Y, %H:%M", "%Y%m%d-%H:%M:%S:{ms}",
)  # fmt: skip
TIME_SHAPES: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%H:%M:%S.{ms}", "%Hh%M")


def stamp(rng: Random, choices: Sequence[str]) -> str:
    """A random moment in one of several strftime shapes ({ms}: milliseconds)."""
    when = moment(rng)
    text = when.strftime(rng.choice(choices).replace("{ms}", f"{when.microsecond // 1000:03d}"))
    return text.replace(" 0", " ") if rng.random() < 0.3 else text


def birth(rng: Random) -> str:
    """A date of birth."""
    when = datetime(1935, 1, 1, tzinfo=UTC) + timedelta(days=rng.randrange(75 * 365))
    return when.strftime(rng.choice(DATE_SHAPES[:18])).replace("th,", ",")


def ipv4(rng: Random) -> str:
    """An address of a private, reserved or documentation network."""
    top = 256 if rng.random() < 0.8 else 10  # small parts look like a version
    tail = ".".join(str(rng.randrange(top)) for _ in range(3))
    last = str(rng.randint(1, min(top, 254)))
    if top == 10 and rng.random() < 0.3:
        return f"0.{tail}"
    return rng.choice(
        (
            f"10.{tail}",
            f"172.{rng.randint(16, 31)}.{rng.randrange(256)}.{last}",
            f"192.168.{rng.randrange(256)}.{last}",
            f"192.0.2.{last}",
            f"198.51.100.{last}",
            f"203.0.113.{last}",
            f"198.{rng.randint(18, 19)}.{rng.randrange(256)}.{last}",
            f"100.{rng.randint(64, 127)}.{rng.randrange(256)}.{last}",
            f"{rng.randint(240, 254)}.{tail}",
            f"{rng.randint(240, 254)}.{tail}",
        )
    )


def ipv6(rng: Random) -> str:
    """An address of the documentation, link-local or unique-local range."""
    groups = [chars(rng, HEX, 1, 4).lstrip("0") or "0" for _ in range(6)]
    form = rng.randrange(5)
    if form == 0:
        return "2001:db8:" + ":".join(groups)
    if form == 1:
        return "fe80::" + ":".join(groups[:4])
    if form == 2:
        return f"2001:db8::{groups[0]}"
    if form == 3:
        return f"fd{chars(rng, HEX, 2)}:{groups[0]}:{groups[1]}::{groups[2]}"
    return f"2001:db8:{groups[0]}:{groups[1]}::{groups[2]}"


def mac(rng: Random) -> str:
    """A hardware address in one of its spellings."""
    pairs = [chars(rng, HEX, 2) for _ in range(6)]
    text = (
        rng.choice((":", ":", "-")).join(pairs)
        if rng.random() < 0.9
        else ".".join("".join(pairs)[i : i + 4] for i in (0, 4, 8))
    )
    return text.upper() if rng.random() < 0.4 else text


def luhn_digit(body: str) -> str:
    """The Luhn check digit of `body`."""
    total = sum(sum(divmod(2 * int(d), 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body)))
    return str(-total % 10)


CARD_KINDS: Final = (
    ("4", 16), ("4", 16), ("4", 13), ("51", 16), ("53", 16), ("55", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("2221", 16), ("2720", 16),
    ("36", 14), ("30", 14), ("38", 14), ("3528", 16), ("3589", 16), ("5018", 12), ("6304", 14), ("6759", 19), ("62", 16), ("18001", 15), ("4", 19),
)  # fmt: skip


def card(rng: Random) -> str:
    """A card number with a valid check digit, plain or grouped; sometimes masked in part."""
    prefix, length = rng.choice(CARD_KINDS)
    body = prefix + digits(rng, length - len(prefix) - 1)
    number = body + luhn_digit(body)
    if rng.random() < 0.5:
        return number
    cuts = (4, 10) if length == 15 else tuple(range(4, length, 4))
    parts = [number[a:b] for a, b in zip((0, *cuts), (*cuts, length), strict=True)]
    return rng.choice((" ", "-")).join(parts)


def iban(rng: Random) -> str:
    """An IBAN-shaped account with valid check digits."""
    country, shape = rng.choice(
        (
            ("DE", "##################"),
            ("GB", "@@@@##############"),
            ("FR", "##########**********##0"),
            ("ES", "####################"),
            ("NL", "@@@@##########"),
            ("IT", "@##########************"),
            ("PL", "########################"),
            ("SE", "####################"),
            ("CH", "#####************"),
            ("AT", "################"),
            ("BE", "############"),
            ("PT", "#####################"),
        )
    )
    body = pattern(rng, shape)
    value = "".join(str(int(c, 36)) for c in body + country + "00")
    text = f"{country}{98 - int(value) % 97:02d}{body}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if rng.random() < 0.4 else text


def unique_id(rng: Random) -> str:
    """A reference that points at one case, order, request or session."""
    form = rng.randrange(8)
    if form < 2:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))
    shape = (
        "ORD-#######",
        "TXN-********",
        "REQ########",
        "CASE-#####",
        "INV-####-####",
        "TKT#######",
        "@@-######",
        "REF#########",
        "RMA-#####",
        "PO-#####",
        "sess_",
        "TRK##########",
        "CONF-******",
        "BK******",
        "req-",
        "evt_",
    )
    if form == 2:
        return composed_id(rng)
    text = pattern(rng, rng.choice(shape))
    return text + chars(rng, ALNUM, 12, 18) if text[-1] in "_-" else text


def coordinate(rng: Random) -> str:
    """A position."""
    lat, lon = rng.uniform(-80, 80), rng.uniform(-179, 179)
    places = rng.randint(3, 6)
    form = rng.randrange(4)
    if form == 0:
        return f"{abs(lat):.{places}f}° {'N' if lat > 0 else 'S'}, {abs(lon):.{places}f}° {'E' if lon > 0 else 'W'}"
    if form == 1:
        return f"{lat:.{places}f},{lon:.{places}f}"
    return f"{lat:.{places}f}, {lon:.{places}f}"


def phone(rng: Random) -> str:
    """A telephone number in the spellings of many countries."""
    return pattern(
        rng,
        rng.choice(
            (
                "(###) ###-####", "###-###-####", "+1-###-###-####", "+1 ### ### ####", "###.###.####", "##########", "+1##########",
                "+1 (###) ###-####", "1-800-###-####", "###-####", "+44 20 #### ####", "+44 7### ######", "07### ######", "020 #### ####",
                "+49 30 ########", "0### ########", "+49 (0)### #######", "+33 # ## ## ## ##", "06 ## ## ## ##", "+34 ### ### ###", "+39 0# ########",
                "+31 6 ########", "06-########", "+91 ##### #####", "+91-##########", "+86 1## #### ####", "+81 90-####-####", "+61 4## ### ###",
                "04## ### ###", "+55 (##) 9####-####", "(##) 9####-####", "+48 ### ### ###", "### ### ###", "+46 70 ### ## ##", "+45 ## ## ## ##",
                "+7 (9##) ###-##-##", "+90 5## ### ## ##", "+234 80# ### ####", "+254 7## ######", "+971 5# ### ####", "+52 55 #### ####",
                "00## ## #######", "+## ### ### ####", "###-###-#### x###", "(0##) ### ####", "+65 #### ####", "0##-#######", "+###########",
                "001-###-###-####", "+1-###-###-####x####", "(###)###-####", "(###)###-####x###", "###.###.####x##", "###-###-####x#####", "001-###-###-####x###",
                "##########x###", "### ### ####", "1-###-###-####", "1 (###) ###-####", "(####) ######", "+44(0)#### ######", "+49(0)##########", "(##) #### ####",
                "####-###-###", "#### ### ###", "0#.##.##.##.##", "### ## ###", "## ## ## ##", "+##-##-########", "ext. ####", "(+##) ###-###-###", "###/#######",
            )
        ),
    )  # fmt: skip


def composed_id(rng: Random) -> str:
    """An id of no known scheme: letters, digits and separators put together at random."""
    prefix = chars(rng, UPPER, 0, 4)
    if rng.random() < 0.2:
        prefix = rng.choice(pools.words())[:6]
        prefix = rng.choice((prefix, prefix.upper(), prefix.title()))
    groups = [
        chars(rng, rng.choice((string.digits, string.digits, string.digits, UPPER + string.digits, HEX)), 2, 7)
        for _ in range(rng.choices((1, 2, 3), (55, 30, 15))[0])
    ]
    if not prefix and len(groups) == 1:
        return digits(rng, 4, 14)
    joint = rng.choice(("-", "-", "-", "", "", "_", "/", ".", " "))
    text = joint.join([prefix, *groups] if prefix else groups)
    return text if len(text) >= 5 and any(c.isdigit() for c in text) else text + digits(rng, 4, 6)


def or_composed(maker: Maker, share: float = 0.4) -> Maker:
    """`maker`, but for a share of ids that follow no scheme."""
    return lambda rng: composed_id(rng) if rng.random() < share else maker(rng)


def policy_number(rng: Random) -> str:
    """The number of an insurance policy, a claim, a membership: how a company calls a customer of its own."""
    shape = rng.choice(
        (
            "CLM-######",
            "CL########",
            "@@@-######-##",
            "########",
            "###########",
            "MEM######",
            "@#######",
            "@@######@",
            "####-#####",
            "HO-###-####",
            "AUTO######",
            "C-####-######",
            "PL##-####-##",
            "SUB-*****",
            "CTR-####-###",
        )
    )
    return composed_id(rng) if rng.random() < 0.4 else pattern(rng, shape)


MAKERS: Final[dict[str, Maker]] = {
    "account_number": or_composed(shapes("########", "##########", "############", "####-####-##", "AC########", "ACCT-######", "******####", "GB-#######")),
    "age": lambda rng: str(rng.randint(1, 99)),
    "api_key": credentials.api_key,
    "bank_routing_number": shapes("0########", "#########", "##-##-##", "######"),
    "biometric_identifier": or_composed(shapes("FP-########", "BIO-%%%%%%%%", "fprint:%%%%%%%%%%%%", "IRIS-######", "FACE-*******", "VOICE-####-####")),
    "blood_type": one_of("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-", "A positive", "O negative", "type O", "B Rh+", "0+"),
    "certificate_license_number": or_composed(shapes("LIC-######", "RN######", "MD-#####", "CERT-####-***", "@@#######", "BAR#####", "PE-#####", "C-####-####")),
    "coordinate": coordinate,
    "credit_debit_card": card,
    "customer_id": or_composed(shapes("CUST-#####", "C#######", "cust_######", "CID-********", "CL-####", "########", "KD-######", "M#########", "customer-####")),
    "cvv": shapes("###", "###", "####"),
    "date": lambda rng: stamp(rng, DATE_SHAPES),
    "date_of_birth": birth,
    "date_time": lambda rng: stamp(rng, DATE_TIME_SHAPES),
    "device_identifier": or_composed(shapes("35#############", "SN-**********", "DEV-%%%%%%%%", "%%%%%%%%%%%%%%%%", "android-%%%%%%%%%%%%%%%%", "IMEI############", "C02********", "iPad-######")),
    "education_level": one_of("Bachelor's degree", "Master's degree", "PhD", "high school diploma", "BSc", "MBA", "associate degree", "GED", "doctorate", "some college", "M.Sc. in Physics", "vocational training", "B.A. in History"),
    "employee_id": or_composed(shapes("EMP#####", "E######", "emp-####", "STAFF-###", "EID######", "#####", "EMP-####", "N#######", "W####", "badge-####")),
    "employment_status": one_of("employed", "unemployed", "self-employed", "retired", "part-time", "full-time", "student", "on leave", "freelance", "contractor", "laid off", "homemaker"),
    "fax_number": phone,
    "gender": one_of("male", "female", "Male", "Female", "male", "female", "Male", "Female", "M", "F", "non-binary", "woman", "man", "transgender", "genderfluid", "MALE", "agender"),
    "health_plan_beneficiary_number": or_composed(shapes("HP-########", "@@@#########", "MBR-#######", "1@*#-@*#-@@##", "W#########", "HIC########", "##########A", "XYZ#########")),
    "http_cookie": credentials.cookie,
    "iban": iban,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "language": one_of("English", "Spanish", "German", "Mandarin", "Arabic", "French", "Hindi", "Polish", "Turkish", "Swahili", "Urdu", "Italian", "Portuguese", "Tagalog", "Japanese", "Ukrainian", "Dutch", "Korean", "Vietnamese", "sign language"),
    "license_plate": shapes("@@@-####", "@@## @@@", "#@@@###", "@@-###-@@", "@-@@ ####", "### @@@", "@@@####", "@@ ## @ ####", "@@@ ###", "##-@@-##"),
    "mac_address": mac,
    "medical_record_number": or_composed(shapes("MRN#######", "MRN-######", "########", "MR-####-####", "PAT######", "P-#######", "H########")),
    "national_id": or_composed(shapes("##########", "###########", "########@", "@@######@", "######-####", "##.###.###-#", "######/####", "@########", "###.###.###-##", "YYMM##-##-####".replace("YYMM", "####"), "# ## ## ## ### ### ##"), 0.15),
    "occupation": lambda rng: rng.choice(pools.jobs()),
    "passport_number": shapes("@########", "#########", "@@#######", "C@@######", "@@@######", "X########"),
    "driver_license_number": or_composed(shapes("@#######", "########", "@###-####-####", "@@@@@######@@#@@", "@############", "##-###-####", "DL-########", "@####-#####-#####"), 0.15),
    "password": credentials.password,
    "phone_number": phone,
    "pin": shapes("####", "####", "######"),
    "political_view": one_of("Democrat", "Republican", "conservative", "liberal", "socialist", "libertarian", "Green Party", "centrist", "left-wing", "right-wing", "independent", "Labour", "Tory", "progressive", "communist", "apolitical"),
    "race_ethnicity": one_of("Caucasian", "African American", "Hispanic", "Latino", "Asian", "South Asian", "Native American", "Pacific Islander", "white", "Black", "mixed race", "Arab", "Roma", "Jewish", "Han Chinese", "Kurdish", "Maori", "Punjabi", "Latina"),
    "religious_belief": one_of("Catholic", "Christian", "Muslim", "Jewish", "Hindu", "Buddhist", "atheist", "agnostic", "Sikh", "Protestant", "Mormon", "Orthodox", "Baha'i", "Islam", "Judaism", "Buddhism", "Lutheran", "Jehovah's Witness", "Methodist", "Quaker"),
    "sexuality": one_of("gay", "lesbian", "bisexual", "heterosexual", "straight", "asexual", "pansexual", "homosexual", "queer", "LGBTQ+", "demisexual"),
    "ssn": shapes("###-##-####", "###-##-####", "### ## ####", "#########", "###.##.####"),
    "swift_bic": shapes("@@@@DE@@", "@@@@GB##", "@@@@US##XXX", "@@@@FR@@***", "@@@@NL##", "@@@@CH@@###", "@@@@ES@@XXX"),
    "tax_id": shapes("##-#######", "DE#########", "GB#########", "FR***########", "9##-##-####", "ES@########", "IT###########", "ATU########", "##/###/#####", "NL#########B##"),
    "time": lambda rng: stamp(rng, TIME_SHAPES),
    "unique_id": unique_id,
    "vehicle_identifier": shapes("1HGCM#####A######", "WVWZZZ**********#", "**************###", "5YJ3E*******#####", "JN1********######"),
    "crypto_wallet": credentials.wallet,
    "private_key": credentials.private_key,
}  # fmt: skip
