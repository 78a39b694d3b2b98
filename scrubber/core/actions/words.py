"""The words that made-up names and addresses are put together from."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
    Ada Alan Amir Anna Aoife Ben Bruno Carla Chen Clara Dana Daniel Elena Emil Erik Fatima Felix Freya Gita Hana Hugo
    Inga Ivan Jana Jonas Julia Kai Karim Lara Leo Lina Lucas Maja Marco Maria Mei Milan Mira Nadia Nils Nina Noah Olga
    Omar Oscar Paula Pedro Priya Rafael Rosa Ruth Samir Sara Selma Sofia Tara Theo Tomas Uma Vera Viktor Yara Yusuf
    Zoe
""")

LAST_NAMES = _words("""
    Abbott Adler Andersen Bakker Barros Becker Berg Bianchi Blum Castro Chandra Cohen Costa Dahl Dias Dubois Eklund
    Farkas Ferrari Fischer Fontaine Garcia Graf Haas Hansen Hoffmann Horvat Ito Ivanov Jansen Kaya Keller Khan Kim
    Kowalski Kraus Larsen Lefevre Lind Lopez Marin Meyer Moreau Mori Nagy Novak Okafor Olsen Park Patel Petrov Reis
    Rossi Sato Schmid Silva Singh Tanaka Varga Vogel Weber Wolff Yilmaz Zhang
""")

CITIES = _words("""
    Ashford Birkdale Coldbrook Dunmore Eastwick Fairhaven Glenrock Harwick Kingsmere Lakewood Marston Westbury
""")

STREETS = _words("""
    Birch Cedar Chapel Church Elm Garden Hill Lake Maple Mill Oak Orchard Park Pine River Station
""")

DOMAINS = _words("""
    amber birch cobalt delta ember fjord granite harbor indigo juniper lagoon meadow
""")
