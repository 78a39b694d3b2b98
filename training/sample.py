"""One training sample from (seed, index): a text with exact spans, the model's words, and a prompt that must be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from training import dumps, labels, machine, noise, structured, template, view
from training.scene import Piece, Scene
from training.text import Span, Text

WORD: Final = re.compile(r"\w+(?:[-_]\w+)*|\S")  # GLiNER's white-space splitter
MAX_WORDS: Final = 200
MAX_WIDTH: Final = 16  # longest span in words; longer values become several spans end to end

# domain -> (share, how likely a log prefix stands before it)
DOMAINS: Final[dict[str, tuple[float, float]]] = {
    "access": (2, 0.05),
    "auth": (5, 0.6),
    "service": (7, 0.5),
    "mail": (3, 0.4),
    "app": (8, 0.6),
    "stack": (1.5, 0.5),
    "sql": (1.5, 0.4),
    "urls": (1.5, 0.4),
    "negative": (13, 0.6),
    "machine": (14, 0.6),
    "infra": (22, 0.25),
    "dump": (8, 0.5),
    "alone": (8, 0),
    "structured": (10, 0.35),
    "prose": (5, 0),
    "ticket": (13, 0.03),
    "chat": (14, 0),
    "talk": (22, 0),
    "dialogue": (12, 0),
    "email": (6, 0),
    "form": (7, 0),
    "social": (11, 0),
    "sentence": (19, 0.02),
    "comment": (12, 0),
    "notes": (8, 0),
    "world": (3, 0.05),
    "document": (7, 0),
}

LOGS: Final = ("access", "auth", "service", "mail", "app", "stack", "sql", "urls")
MACHINES: Final = frozenset({*LOGS, "negative", "machine", "infra", "dump", "structured", "alone"})
TALK: Final = frozenset(
    {"ticket", "chat", "talk", "dialogue", "email", "social", "comment", "prose", "sentence", "document", "notes"}
)
# Labels that every policy asks for and that machine lines tempt to: they must be in the prompt for a negative to teach.
TEMPTING: Final = (
    "user_name", "first_name", "last_name", "password", "api_key", "account_number", "customer_id", "phone_number", "street_address", "pin",
    "date_of_birth", "certificate_license_number", "vehicle_identifier", "device_identifier", "private_key", "crypto_wallet", "national_id",
    "driver_license_number", "mac_address", "fax_number", "ipv4", "credit_debit_card", "license_plate", "medical_record_number",
)  # fmt: skip
PLACES: Final = frozenset({"city", "state", "postcode", "country", "county"})
JOINTS: Final = frozenset({" ", ", ", ",", "\n", ",\n", " in "})  # what stands between the parts of one address
SURE: Final = frozenset(
    {"unique_id", "date", "date_time", "time", "city", "country", "state", "county"}
)  # on machine lines these are nothing else


@dataclass
class Sample:
    """A text as the model sees it: words, prompt, and for each prompt entry the word ranges [first, last] it holds."""

    words: list[str]
    prompt: list[str]
    hits: list[tuple[int, int, int]] = field(default_factory=list)  # first word, last word, prompt index
    ignored: list[tuple[int, int, int]] = field(default_factory=list)  # no loss for spans that touch these


def draw_text(seed: int, index: int, *, held_out: bool = False) -> Text:
    """The text number `index` of the stream `seed`. `held_out` draws from the validation templates only."""
    rng = Random(f"{seed}/{index}/{held_out}")
    scene = Scene(rng)
    domain = rng.choices(tuple(DOMAINS), [share for share, _ in DOMAINS.values()])[0]
    pieces = _body(domain, scene, held_out=held_out)
    if domain != "structured":  # a record has a key for each part
        pieces = whole_addresses(pieces)
    if domain in LOGS and rng.random() < 0.12:
        noise_line, gap = machine.line(scene), Piece(rng.choice((" ", " ", " - ", ": ", "; ", "\n")))
        pieces = [*noise_line, gap, *pieces] if rng.random() < 0.5 else [*pieces, gap, *noise_line]
    if rng.random() < DOMAINS[domain][1]:
        pieces = [*template.common().section("prefix", scene), *pieces]
    text = _assemble(_disturb(pieces, domain, rng), domain)
    if rng.random() < (0.55 if domain in MACHINES else 0.35):
        text = view.seen(text, rng) or text
    return view.levelled(text) if rng.random() < (0.33 if domain in MACHINES else 0.06) else text


def _body(domain: str, scene: Scene, *, held_out: bool) -> list[Piece]:
    if domain == "structured":
        return structured.record(scene)
    if domain == "machine":
        return machine.line(scene)
    if domain == "dump":
        return dumps.dump(scene, held_out=held_out)
    rng, grammar = scene.rng, template.load(domain)
    texts = grammar.texts(held_out=held_out)
    count = 1
    gaps: tuple[str, ...] = (" ",)
    if domain == "talk":
        count, gaps = rng.choices((1, 2, 3, 6), (60, 18, 12, 10))[0], (" ", "\n", "\n", ". ", "  ")
    elif domain == "chat":
        count, gaps = rng.choices((1, 2, 4, 7), (45, 20, 20, 15))[0], (" ", "\n", "\n", " | ")
    elif domain == "form":
        count, gaps = rng.choices((1, 3, 6, 9), (15, 35, 35, 15))[0], ("\n", "\n", ", ", " | ", "; ", " ")
    elif domain in {"ticket", "prose", "social", "sentence"}:
        count, gaps = rng.choices((1, 2, 3), (60, 28, 12))[0], (" ", " ", "\n")
    elif rng.random() < 0.12:
        count, gaps = 2, ("\n", " ", " | ")
    gap = Piece(rng.choice(gaps))
    nameless = domain == "chat" and rng.random() < 0.55  # turns without who speaks
    pieces: list[Piece] = []
    for turn in range(count):
        source = grammar
        chosen = rng.choice(texts)
        if nameless:
            chosen = chosen.removeprefix("{@role}: ")
        if domain in {"ticket", "social", "sentence"} and turn and rng.random() < 0.3:
            source = template.load("prose")
            chosen = rng.choice(source.texts(held_out=held_out))
        pieces += [gap, *source.render(chosen, scene)] if turn else source.render(chosen, scene)
    return pieces


def _disturb(pieces: list[Piece], domain: str, rng: Random) -> list[Piece]:
    talk = domain in TALK
    if talk and rng.random() < 0.2:
        pieces = noise.typos(pieces, rng, 0.03)
    if talk and rng.random() < 0.05:
        pieces = noise.spaced(pieces)
    if talk and rng.random() < 0.05:
        pieces = noise.pictured(pieces, rng)
    roll = rng.random()
    if roll < (
        0.6 if domain in {"chat", "talk", "dialogue"} else 0.4 if domain == "comment" else 0.22 if talk else 0.03
    ):
        pieces = noise.lower(pieces)
        form = rng.random() if talk else 1.0
        if form < (
            0.75 if any(p.label == "email" for p in pieces) else 0.45
        ):  # an address without marks is hard to learn
            pieces = noise.stripped(pieces, rng)
        elif form < 0.7:
            pieces = noise.bare(pieces)
    elif roll > 0.98:
        pieces = noise.upper(pieces)
    return pieces


def whole_addresses(pieces: list[Piece]) -> list[Piece]:
    """A street and the town, code or country right behind it become one address: no part of it may stay."""
    done: list[Piece] = []
    for piece in pieces:
        if len(done) > 1 and piece.label in PLACES and done[-2].label == "street_address" and done[-1].text in JOINTS:
            gap = done.pop().text
            done[-1] = replace(done[-1], text=f"{done[-1].text}{gap}{piece.text}")
        else:
            done.append(piece)
    return done


def _assemble(pieces: list[Piece], domain: str) -> Text:
    text, spans, undecided = "", [], []
    for piece in pieces:
        start = len(text)
        text += piece.text
        if piece.label and piece.text.strip():
            spans.append(Span(start, len(text), piece.label))
        elif piece.undecided:
            undecided.append(Span(start, len(text), piece.undecided))
    return Text(text, tuple(spans), domain, tuple(undecided))


def draw(seed: int, index: int, *, held_out: bool = False) -> Sample:
    """The training sample number `index` of the stream `seed`."""
    drawn = draw_text(seed, index, held_out=held_out)
    return ask(drawn, Random(f"prompt/{seed}/{index}/{held_out}"))


def ask(text: Text, rng: Random) -> Sample:
    """Put a random prompt to `text`: some labels withheld, some absent, some paraphrased, neighbours as distractors."""
    spans = list(text.spans)
    if rng.random() < 0.07:
        spans = whole_names(text.text, spans)
    present = sorted({s.label for s in spans})
    person = [label for label in present if label == "person"]
    asked = {label for label in present if rng.random() < 0.88}
    near = sorted(
        {n for label in present if label in labels.NEIGHBOURS for n in labels.NEIGHBOURS[label]} - set(present)
    )
    asked |= {label for label in near if rng.random() < 0.3}
    machines = text.domain in MACHINES
    asked |= {
        label
        for label in TEMPTING
        if rng.random() < (0.5 if machines else 0.25)
        and label not in present
        and not (person and label.endswith("_name"))
    }
    if rng.random() < ((0.5 if machines else 0.4) if text.masked else 0.3):
        order = [label for label in view.prompt(rng) if not (person and label.endswith("_name"))]
        shipped = rng.random() < 0.85
        prompt = [labels.worded(label) if shipped else label for label in order]
        return _place(text, spans, order + person, prompt + [rng.choice(labels.PERSON_NAMES)] * len(person))
    wide = rng.random() < 0.08
    others = [
        label
        for label in labels.LABELS
        if label not in present and not (person and label in {"first_name", "last_name"})
    ]
    asked |= set(rng.sample(others, rng.randint(30, len(others)) if wide else rng.randint(1, 13)))
    order = sorted(asked)
    rng.shuffle(order)
    prompt = [rng.choice(labels.PERSON_NAMES) if label == "person" else labels.spelling(label, rng) for label in order]
    return _place(text, spans, order, prompt)


def whole_names(text: str, spans: list[Span]) -> list[Span]:
    """First and last names that belong together become one `person` span; single ones too."""
    merged: list[Span] = []
    parts: list[str] = []  # labels inside the last person
    for span in spans:
        if span.label not in {"first_name", "last_name"}:
            merged.append(span)
            continue
        gap = text[merged[-1].end : span.start] if merged and merged[-1].label == "person" else None
        together = [*parts, span.label]
        if (gap == " " and together == ["first_name", "last_name"]) or (
            gap in {", ", ","} and together == ["last_name", "first_name"]
        ):
            merged[-1], parts = Span(merged[-1].start, span.end, "person"), together
        else:
            merged.append(Span(span.start, span.end, "person"))
            parts = [span.label]
    return merged


def _place(text: Text, spans: list[Span], order: list[str], prompt: list[str]) -> Sample:
    found = [(m.start(), m.end()) for m in WORD.finditer(text.text)][:MAX_WORDS]
    sample = Sample([text.text[a:b] for a, b in found], prompt)
    index = {label: i for i, label in enumerate(order)}

    def covering(span: Span) -> tuple[int, int] | None:
        inside = [i for i, (a, b) in enumerate(found) if a < span.end and b > span.start]
        return (inside[0], inside[-1]) if inside else None

    taken: set[tuple[int, int]] = set()
    for span in spans:
        place = covering(span)
        if place is None:
            continue
        first, last = place
        if span.label not in index:
            if text.domain in MACHINES and span.label in SURE:
                continue
            sample.ignored += [(first, last, index[n]) for n in labels.NEIGHBOURS.get(span.label, ()) if n in index]
            if span.label == "person":
                sample.ignored += [(first, last, index[n]) for n in ("user_name",) if n in index]
            continue
        for start in range(first, last + 1, MAX_WIDTH):
            part = (start, min(start + MAX_WIDTH - 1, last))
            if part not in taken:
                taken.add(part)
                sample.hits.append((*part, index[span.label]))
    for span in text.undecided:
        place = covering(span)
        if place and span.label in index:
            sample.ignored.append((*place, index[span.label]))
    return sample
