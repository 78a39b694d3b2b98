"""What one text is about: its people and the value of every field, each carrying its own label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from training import harmless, persona, pools, values
from training.persona import Persona
from training.shapes import digits

# Harmless values that some users would call a reference, or a country, all the same: neither right nor wrong as that.
UNDECIDED = dict.fromkeys(("hex", "block", "token_word", "blob", "letters", "uuid"), "unique_id") | {
    "country_code": "country"
}
TITLES = ("Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Mr", "Ms", "Mrs", "Dr", "Miss", "Mr.", "Mrs.", "Ms.", "Dr.", "Herr", "Frau", "Sr.", "Mme", "Sir", "Rev.")  # fmt: skip
SUFFIXES = ("Jr.", "Jr", "Sr.", "II", "III", "MD", "PhD")


@dataclass(frozen=True)
class Piece:
    """A stretch of text with its label; `undecided` names a label that is neither right nor wrong here."""

    text: str
    label: str | None = None
    undecided: str | None = None


class Scene:
    """The people and values of one text. The same field name twice gives the same person, but fresh numbers."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._people: dict[str, Persona] = {}
        self._kept: dict[str, str] = {}

    def person(self, number: str) -> Persona:
        """The person called `number` in this text."""
        if number not in self._people:
            self._people[number] = Persona.draw(self.rng)
        return self._people[number]

    def field(self, name: str) -> list[Piece]:
        """The pieces that the field `name` stands for (`first_name2`: the second person's)."""
        base, number = (name[:-1], name[-1]) if name[-1].isdigit() and name not in {"ipv4", "ipv6"} else (name, "")
        if base in harmless.MAKERS:
            text = harmless.MAKERS[base](self.rng)
            return [Piece(text, undecided=UNDECIDED.get(base))]
        if base in _NAME_FORMS:
            return self._name(base, self.person(number))
        if base == "full_address":
            return [Piece(self._remember(name, persona.full_address(self.rng)), "street_address")]
        if base == "bare_street":
            return [Piece(self._remember(name, persona.bare_street(self.rng)), "street_address")]
        if base == "joined":  # a name as one word of a hashtag
            who = self.person(number)
            return [Piece(f"{who.first}{self.rng.choice(('', who.last))}".replace(" ", ""), undecided="first_name")]
        if base == "town_line":
            return self._town_line()
        if base == "ssn_tail":
            return [Piece(digits(self.rng, 4), "ssn")]
        if base == "stage":
            who = self.person(number)
            return [Piece(who.written(persona.stage_name(self.rng, who.first)), "first_name")]
        if base in {"spelled_first", "spelled_last"}:
            return self._spelled(base.removeprefix("spelled_"), self.person(number))
        if base == "policy_number":
            return [Piece(values.policy_number(self.rng), "customer_id")]
        label = {"ip": self.rng.choice(("ipv4", "ipv4", "ipv4", "ipv6"))}.get(base, base)
        return [Piece(self._value(label, name, number), label)]

    def _remember(self, name: str, value: str) -> str:
        return self._kept.setdefault(name, value)

    def _value(self, label: str, name: str, number: str) -> str:
        rng = self.rng
        match label:
            case "first_name":
                return self.person(number).written(self.person(number).first)
            case "last_name":
                return self.person(number).written(self.person(number).last)
            case "email":
                return self._remember(name, self.person(number).email(rng))
            case "user_name":
                return self._remember(name, self.person(number).login(rng))
            case "url":
                return persona.url(rng)
            case "company_name":
                return self._remember(name, persona.company(rng))
            case "city":
                return persona.city(rng)
            case "state":
                return rng.choice(rng.choice(pools.places().states))
            case "county":
                return rng.choice(pools.places().counties)
            case "country":
                return rng.choice(pools.places().countries)
            case "postcode":
                return persona.postcode(rng)
            case "street_address":
                return self._remember(name, persona.street(rng))
            case _:
                return values.MAKERS[label](rng)

    def _name(self, form: str, who: Persona) -> list[Piece]:
        rng = self.rng
        first, last = Piece(who.written(who.first), "first_name"), Piece(who.written(who.last), "last_name")
        gap = Piece(" ")
        if form == "name":
            form = rng.choices(("full", "first", "titled", "comma", "initial", "last"), (70, 10, 7, 6, 4, 3))[0]
        if form == "full":
            if who.middle:
                first = Piece(f"{first.text} {who.written(who.middle)}", "first_name")
            elif rng.random() < 0.12:
                initial = rng.choice("ABCDEFGHJKLMNPRSTVW") + rng.choice((".", "", ""))
                first = Piece(f"{first.text} {who.written(initial)}", "first_name")
            if rng.random() < 0.03:
                last = replace(last, text=f"{last.text}{rng.choice((' ', ', '))}{rng.choice(SUFFIXES)}")
            whole = [first, gap, last]
            return self._titled(whole) if rng.random() < 0.04 else whole
        if form == "first":
            return [first]
        if form == "last":
            return [last]
        if form == "titled":
            return self._titled([first, gap, last] if rng.random() < 0.5 else [last])
        if form == "comma":
            return [last, Piece(rng.choice((", ", ",", ", "))), first]
        return [Piece(who.written(f"{who.first[0]}."), "first_name"), gap, last]

    def _spelled(self, part: str, who: Persona) -> list[Piece]:
        """A name letter by letter."""
        letters = self.rng.choice((" ", " ", "-", " - ", ". ")).join(getattr(who, part).replace(" ", ""))
        return [Piece(who.written(letters), f"{part}_name")]

    def _titled(self, name: list[Piece]) -> list[Piece]:
        """A name behind a title, which is part of it: it tells the sex or the degree of whoever has the name."""
        return [replace(name[0], text=f"{self.rng.choice(TITLES)} {name[0].text}"), *name[1:]]

    def _town_line(self) -> list[Piece]:
        """A town with its region, without a street: parts are labelled one by one."""
        rng, places = self.rng, pools.places()
        state, code = rng.choice(places.states)
        form = rng.randrange(5)
        town = Piece(rng.choice(places.us_cities), "city")
        if form == 0:
            return [town, Piece(", "), Piece(code, "state")]
        if form == 1:
            return [town, Piece(", "), Piece(code, "state"), Piece(" "), Piece(digits(rng, 5), "postcode")]
        if form == 2:
            return [town, Piece(", "), Piece(state, "state")]
        if form == 3:
            return [Piece(persona.postcode(rng), "postcode"), Piece(" "), Piece(persona.city(rng), "city")]
        return [Piece(persona.city(rng), "city"), Piece(", "), Piece(rng.choice(places.countries), "country")]


_NAME_FORMS = frozenset({"name", "full", "first", "last", "titled", "comma", "initial"})
