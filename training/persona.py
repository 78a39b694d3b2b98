"""Invented people: a name of some origin and everything that hangs together with it (e-mail, login, address, employer)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Final

from training import pools
from training.shapes import chars, digits, pattern

# Domains nobody owns: reserved names (RFC 2606, RFC 6761) and country codes that are set aside for private use.
TOPS: Final = ("example", "example", "test", "invalid", "example.com", "example.com", "example.com", "example.org", "example.net", "local", "internal", "lan", "xa", "zz", "qm", "xk.example", "co.example")  # fmt: skip
HOSTS: Final = ("mail", "corp", "post", "inbox", "webmail", "net", "home", "online", "uni", "team", "office", "cloud", "shop", "bank", "fastmail", "smtp", "edu", "gov")  # fmt: skip
STREET_LOCALES: Final = ("de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE", "da_DK", "no_NO", "fi_FI", "cs_CZ", "fr_CA", "es_MX")  # fmt: skip
STREET_KINDS: Final = ("Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Rd.", "Lane", "Ln", "Drive", "Dr", "Dr.", "Court", "Ct", "Boulevard", "Blvd", "Way", "Place", "Pl", "Terrace", "Circle", "Parkway", "Pkwy", "Close", "Crescent", "Highway", "Trail", "Square", "Grove", "Gardens", "Mews", "Row", "Hill", "Loop", "Run", "Alley", "Plaza", "Pike")  # fmt: skip
STREET_WORDS: Final = ("Main", "Oak", "Elm", "Maple", "Cedar", "Pine", "High", "Church", "Park", "Mill", "Station", "Victoria", "King", "Queen", "School", "Bridge", "North", "South", "West", "Lake", "Hill", "River", "Sunset", "Washington", "Market", "Spring", "Walnut", "Chestnut", "Willow", "Broad", "Center", "Union", "Franklin", "Meadow", "Forest", "Green", "Highland", "Ridge", "Valley", "Cherry", "1st", "2nd", "3rd", "5th", "12th", "42nd")  # fmt: skip
PARTICLES: Final = ("O'", "O'", "D'", "Mc", "Mac", "van ", "van der ", "de ", "de la ", "del ", "di ", "da ", "dos ", "von ", "le ", "al-", "bin ", "ben ", "St. ")  # fmt: skip
COMPANY_TAILS: Final = ("Inc", "Inc.", "LLC", "Ltd", "Ltd.", "GmbH", "Corp", "Corporation", "Group", "AG", "S.A.", "PLC", "& Co", "Holdings", "Partners", "Solutions", "Technologies", "Systems", "Labs", "Bank", "Insurance", "Logistics", "Media", "Foods", "Industries", "Consulting", "Airlines", "Energy", "Pharma", "B.V.", "Oy", "AB", "University", "Hospital", "Services", "Software", "Motors")  # fmt: skip


def plain(text: str) -> str:
    """`text` in lower-case ASCII letters and digits only; empty when it has none."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode())


def _draw_names(rng: Random) -> tuple[str, str]:
    roll = rng.random()
    if roll < 0.10:
        names = pools.names(rng.choice(("en_US", "en_US", "en_IN")))
    elif roll < 0.40:
        names = pools.names(rng.choice(pools.ENGLISH))
    elif roll < 0.68:
        names = pools.names(rng.choice(pools.LATIN))
    elif roll < 0.80:
        names = pools.mimesis_names(rng.choice(pools.MIMESIS))
    elif roll < 0.95:
        names = pools.romanised(rng.choice(pools.ROMANISED))
    else:
        names = pools.names(rng.choice(pools.OTHER_SCRIPTS))
    first, last = rng.choice(names.first), rng.choice(names.last)
    if rng.random() < 0.12:
        first = rng.choice(pools.DOUBLE_MEANING)
    if rng.random() < 0.10:
        last = rng.choice(pools.DOUBLE_MEANING_LAST)
    if rng.random() < 0.06:
        last = _invented(rng)
    if rng.random() < 0.04:
        last = f"{last}-{rng.choice(names.last)}"
    if rng.random() < 0.04:
        last = rng.choice(PARTICLES) + last
    return first, last


def _invented(rng: Random) -> str:
    """A name nobody has: the model must lean on the context, not on a list."""
    return "".join(
        rng.choice("bcdfghjklmnprstvwz") + rng.choice(("a", "e", "i", "o", "u", "ai", "ou", "en", "ar"))
        for _ in range(rng.randint(2, 4))
    ).title()


@dataclass
class Persona:
    """One invented person."""

    first: str
    last: str
    middle: str
    case: str  # how this text writes names: "as is", "lower" or "upper"

    @classmethod
    def draw(cls, rng: Random) -> Persona:
        """A new person."""
        first, last = _draw_names(rng)
        middle = (
            rng.choice((rng.choice("ABCDEFGHJKLMNPRSTW") + ".", _draw_names(rng)[0])) if rng.random() < 0.12 else ""
        )
        case = rng.choices(("as is", "lower", "upper"), (86, 9, 5))[0]
        return cls(first, last, middle, case)

    def written(self, name: str) -> str:
        """`name` in this text's case."""
        return name.lower() if self.case == "lower" else name.upper() if self.case == "upper" else name

    def login(self, rng: Random) -> str:
        """A user name, from the person's name or from nothing."""
        first, last = (
            plain(self.first) or chars(rng, "aeioubcdlmnrst", 4, 7),
            plain(self.last) or chars(rng, "aeioubcdlmnrst", 4, 8),
        )
        word = plain(rng.choice(pools.words()))
        number = rng.choice(("", "", digits(rng, 1, 2), digits(rng, 3, 4), str(rng.randint(1950, 2009))))
        login = rng.choice(
            (
                first + last, first[0] + last, f"{first}.{last}", f"{first}_{last}", f"{last}{first[0]}", first, last, f"{first}{number}", f"{first}-{last[0]}",
                f"{first[0]}.{last}", f"{last}.{first}", f"{word}_{first}", f"{word}{number}", f"{first}{word}", f"x{word}x", f"{first[0]}{last[:6]}{number}",
                f"{first[:3]}{last[:3]}{number}", f"{word}{rng.choice(pools.words())}", f"{first}{last[0]}{number}", f"{word.title()}{number}",
                chars(rng, "abcdefghijklmnopqrstuvwxyz", 4, 8), chars(rng, "abcdefghijklmnopqrstuvwxyz0123456789", 6, 10), f"svc_{word}", f"adm-{first}",
                rng.choice(("root", "admin", "oracle", "test", "guest", "postgres", "ubuntu", "deploy", "git", "ftp", "www-data", "nagios", "backup", "user", "pi", "administrator", "support", "mysql", "info", "operator", "jenkins")),
                f"CORP\\{first}", f"{last.upper()}{number}", f"{first.title()}{last.title()}", f"{word}_{word[::-1]}{number}",
            )
        )  # fmt: skip
        return login or "user1"

    def email(self, rng: Random) -> str:
        """An e-mail address in a domain nobody owns."""
        first, last = plain(self.first) or "mail", plain(self.last) or chars(rng, "aeioubcdlmnrst", 5)
        box = rng.choice((f"{first}.{last}", f"{first}{last}", f"{first[0]}{last}", f"{first}_{last}", first, f"{last}.{first}", f"{first}{digits(rng, 1, 4)}", f"{first}.{last}{digits(rng, 2)}", f"{first}+{rng.choice(pools.words())}", plain(self.login(rng)) or first, f"{last}", f"{first[0]}.{last}", rng.choice(("info", "billing", "hr", "office", "contact", "sales", "no-reply"))))  # fmt: skip
        text = f"{box}@{domain(rng)}"
        return text.upper() if rng.random() < 0.03 else text.title() if rng.random() < 0.03 else text


def stage_name(rng: Random, first: str) -> str:
    """What a singer, a player, a friend or a figure of a story is called, made of a first name or of nothing."""
    short = first[: rng.randint(2, 4)]
    return rng.choice(
        (
            _invented(rng),
            _invented(rng),
            short + rng.choice(("y", "ie", "z", "zy", "o", "ito", "ster", "s", "")),
            short + short.lower(),
            f"{rng.choice(('Lil', 'Big', 'Young', 'DJ', 'MC', 'King', 'Lady', 'Miss', 'Baby', 'Uncle', 'Aunt', 'Saint', 'Lord'))} {first}",
            f"{first[0]}-{_invented(rng)}",
            f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}",
            f"{first[0].lower()}{_invented(rng)}",
            f"{short}{rng.choice('0123456789')}{rng.choice('abekmnxyz')}",
            f"{first} the {rng.choice(('Great', 'Kid', 'Third', 'Bear', 'Barber', 'Bold'))}",
        )
    )


def domain(rng: Random) -> str:
    """A domain name nobody owns."""
    label = rng.choice(
        (
            rng.choice(HOSTS),
            plain(rng.choice(pools.words())),
            plain(_invented(rng)),
            plain(rng.choice(pools.words())) + rng.choice(HOSTS),
            f"{plain(_invented(rng))}-{rng.choice(HOSTS)}",
        )
    )
    return (
        f"{label}.{rng.choice(TOPS)}"
        if rng.random() < 0.9
        else rng.choice(("example.com", "example.org", "example.net"))
    )


def url(rng: Random) -> str:
    """A web address in a domain nobody owns."""
    page = "/".join(rng.choices(pools.words(), k=rng.randint(0, 3)))
    query = rng.choice(
        (
            "",
            "",
            "",
            f"?id={digits(rng, 1, 6)}",
            f"?q={rng.choice(pools.words())}",
            f"#{rng.choice(pools.words())}",
            ".html",
        )
    )
    return (
        rng.choice(("http://", "https://", "https://", "https://www.", "www.", "ftp://"))
        + domain(rng)
        + rng.choice(("", f":{rng.randint(1000, 9999)}", "", "", ""))
        + (f"/{page}{query}" if page else rng.choice(("", "/")))
    )


def company(rng: Random) -> str:
    """A made-up company name."""
    names = _draw_names(rng)
    head = rng.choice(
        (
            names[1],
            f"{names[1]} {_invented(rng)}",
            f"{names[1]} & {_draw_names(rng)[1]}",
            _invented(rng),
            " ".join(w.title() for w in rng.choices(pools.words(), k=rng.randint(1, 2))),
            f"{names[1]}, {_draw_names(rng)[1]} and {_invented(rng)}",
            chars(rng, "ABCDEFGHIKLMNPRSTVX", 3),
        )
    )
    return f"{head} {rng.choice(COMPANY_TAILS)}" if rng.random() < 0.7 else head


def city(rng: Random) -> str:
    """A town of the world; well-known ones more often, some that do not exist."""
    places = pools.places()
    roll = rng.random()
    if roll < 0.25:
        return rng.choice(places.cities[:400])
    if roll < 0.5:
        return rng.choice(places.us_cities)
    if roll < 0.75:
        return rng.choice(places.cities)
    return _invented_town(rng)


def _invented_town(rng: Random) -> str:
    before = rng.choice(
        (
            "North",
            "South",
            "East",
            "West",
            "New",
            "Port",
            "Lake",
            "Saint",
            "San",
            "Bad",
            "Fort",
            "Upper",
            "Little",
            "Mount",
            "Old",
            "Great",
            "Santa",
            "Le",
            "Villa",
        )
    )
    after = rng.choice(
        (
            "ville",
            "ton",
            "borough",
            "shire",
            "bury",
            "burgh",
            "haven",
            "stad",
            "port",
            "view",
            "side",
            "fort",
            "land",
            "mouth",
            "chester",
            "town",
            "berg",
            "furt",
            "by",
            "ham",
            "field",
            "ford",
            "dorf",
            "hausen",
            "heim",
            "wick",
        )
    )
    root = rng.choice((_draw_names(rng)[0], _draw_names(rng)[1], _invented(rng), rng.choice(pools.words()).title()))
    return rng.choice((f"{before} {root}", f"{root}{after}", f"{before} {root}{after}"))


def bare_street(rng: Random) -> str:
    """A street without a number."""
    if rng.random() < 0.25:
        return rng.choice(pools.street_names(rng.choice(STREET_LOCALES)))
    nth = rng.randint(1, 140)
    ending = "th" if nth % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(nth % 10, "th")
    word = rng.choice(
        (rng.choice(STREET_WORDS), _draw_names(rng)[1], f"{nth}{ending}", f"{rng.choice('NSEW')} {nth}{ending}")
    )
    return f"{word} {rng.choice(STREET_KINDS)}"


def street(rng: Random) -> str:
    """A street with its number, in the manner of some country."""
    number = rng.choice(
        (
            str(rng.randint(1, 250)),
            str(rng.randint(100, 9999)),
            f"{rng.randint(1, 99)}{rng.choice('abcABC')}",
            f"{rng.randint(1, 60)}-{rng.randint(61, 90)}",
            str(rng.randint(10000, 29999)),
        )
    )
    if rng.random() < 0.36:
        name = rng.choice(pools.street_names(rng.choice(STREET_LOCALES)))
        text = rng.choice(
            (
                f"{name} {number}",
                f"{name} {number}",
                f"{number} {name}",
                f"{number}, {name}",
                f"{name}, {number}",
                f"{name} {rng.randint(1, 99)}/{rng.randint(1, 40)}",
            )
        )
    else:
        word = rng.choice(
            (
                rng.choice(STREET_WORDS),
                _draw_names(rng)[1],
                rng.choice(pools.words()).title(),
                f"{rng.choice(('North', 'N', 'S.', 'West', 'E', 'Old', 'New', 'St'))} {rng.choice(STREET_WORDS)}",
            )
        )
        text = f"{number} {word} {rng.choice(STREET_KINDS)}"
    if rng.random() < 0.06:
        text = rng.choice(
            (
                f"PO Box {digits(rng, 2, 5)}",
                f"P.O. Box {digits(rng, 3, 5)}",
                f"Unit {digits(rng, 4)} Box {digits(rng, 4)}",
                f"Postfach {digits(rng, 4)}",
                f"PSC {digits(rng, 4)}, Box {digits(rng, 4)}",
                f"BP {digits(rng, 3)}",
                f"Apartado {digits(rng, 3)}",
            )
        )
    if rng.random() < 0.2:
        unit = rng.choice(
            (
                f"Apt {digits(rng, 1, 3)}",
                f"Apt. {digits(rng, 1, 2)}{rng.choice('ABCD')}",
                f"Suite {digits(rng, 3)}",
                f"Unit {digits(rng, 1, 2)}",
                f"Flat {rng.randint(1, 40)}",
                f"#{digits(rng, 1, 3)}",
                f"Floor {rng.randint(1, 30)}",
                f"{rng.randint(1, 9)}. Stock",
                f"Building {rng.choice('ABCDE')}",
            )
        )
        text = f"{unit}, {text}" if unit.startswith("Flat") else f"{text}{rng.choice((', ', ' '))}{unit}"
    return text


def postcode(rng: Random) -> str:
    """A postal code in the shape of some country."""
    return pattern(
        rng,
        rng.choice(
            (
                "#####",
                "#####",
                "#####-####",
                "@## #@@",
                "@# #@@",
                "@@# #@@",
                "@@## #@@",
                "@#@ #@#",
                "#### @@",
                "####",
                "##-###",
                "### ##",
                "#####-###",
                "######",
                "#######",
            )
        ),
    )


def full_address(rng: Random) -> str:
    """A whole address on one line: one span, because no part of it may stay."""
    state, code = rng.choice(pools.places().states)
    town, zipcode, country = city(rng), postcode(rng), rng.choice(pools.places().countries)
    us_town = rng.choice(pools.places().us_cities) if rng.random() < 0.6 else _invented_town(rng)
    us_zip = digits(rng, 5)
    if rng.random() < 0.25:
        return _lines(rng, town, zipcode, country)
    return rng.choice(
        (
            f"{street(rng)}, {us_town}, {code} {us_zip}", f"{street(rng)}, {us_town}, {code} {us_zip}", f"{street(rng)} {us_town}, {code} {us_zip}", f"{street(rng)} {us_town} {code} {us_zip}",
            f"{street(rng)}, {us_town}, {state}", f"{street(rng)}, {us_town}, {state} {us_zip}", f"{street(rng)}, {town}", f"{street(rng)}, {town}, {country}",
            f"{street(rng)}, {zipcode} {town}", f"{street(rng)}, {zipcode} {town}, {country}", f"{street(rng)}, {town} {zipcode}", f"{street(rng)} {zipcode} {town}", f"{street(rng)}\n{us_town}, {code} {us_zip}",
            f"{street(rng)}\n{zipcode} {town}\n{country}", f"{street(rng)} in {town}",
        )
    )  # fmt: skip


def _lines(rng: Random, town: str, zipcode: str, country: str) -> str:
    """An address line by line, or that of a ship or a camp: parts that look like nothing on their own."""
    unit = rng.choice(
        (
            f"Apt. {digits(rng, 1, 3)}",
            f"Suite {digits(rng, 3)}",
            f"Unit {digits(rng, 1, 4)}",
            f"{rng.randint(2, 30)}th floor",
            f"Room {digits(rng, 2, 3)}",
        )
    )
    house = rng.choice(
        (
            f"{digits(rng, 1, 3)} {street(rng)}",
            street(rng),
            f"P.O. Box {digits(rng, 2, 5)}",
            f"{digits(rng, 1, 2)} P.O. Box {digits(rng, 2, 4)}",
        )
    )
    if rng.random() < 0.3:
        _, last = _draw_names(rng)
        post = f"{rng.choice(('APO', 'FPO', 'DPO'))} {rng.choice(('AA', 'AE', 'AP'))} {digits(rng, 5)}"
        ship = f"{rng.choice(('USS', 'USNS', 'USCGC', 'HMS'))} {last}"
        return rng.choice(("\n", ", ", " ")).join(
            (
                rng.choice(
                    (
                        ship,
                        f"PSC {digits(rng, 3, 4)}, Box {digits(rng, 3, 4)}",
                        f"Unit {digits(rng, 4, 5)} Box {digits(rng, 3, 4)}",
                    )
                ),
                post,
            )
        )
    parts = rng.choice((
        (house, unit, town, f"{country} {zipcode}"), (house, unit, town.upper(), f"{country} {zipcode}"), (house, unit, f"{town} {zipcode}"), (house, town, country, zipcode), (house, unit, town, country),
        (f"{unit} {digits(rng, 2, 5)} {street(rng)}", f"{town} {zipcode}"), (f"{unit} {street(rng)}", town, f"{country} {zipcode}"),
        (f"{street(rng)} and {street(rng)}",), (f"corner of {street(rng)} and {street(rng)}",), (house, f"{zipcode} {town}"),
    ))  # fmt: skip
    return rng.choice(("\n", "\n", "\n ", ", ", " ")).join(parts)
