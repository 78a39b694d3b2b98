"""Promises of the data generator: reproducible, exact spans, the whole vocabulary, nobody's real address."""

import ipaddress
import re
from random import Random

import pytest

from scrubber.core.labels import LABELS as VOCABULARY
from scrubber.core.normalise import normalise
from training import dumps, labels, noise, template
from training.sample import DOMAINS, MACHINES, MAX_WIDTH, PLACES, ask, draw, draw_text, whole_addresses, whole_names
from training.scene import SUFFIXES, TITLES, Piece, Scene
from training.text import Span, Text

TEXTS = [draw_text(3, i) for i in range(3500)]
RESERVED = (
    *("example", "test", "invalid", "localhost", "local", "internal", "lan"),
    *("example.com", "example.org", "example.net"),
    *("xa", "zz", "qm"),  # country codes set aside for private use (ISO 3166 AA, QM-QZ, XA-XZ, ZZ)
)


def test_the_same_seed_gives_the_same_texts_and_prompts():
    assert [draw_text(3, i) for i in range(60)] == TEXTS[:60]
    assert [draw(5, i) for i in range(60)] == [draw(5, i) for i in range(60)]


def test_another_seed_gives_other_texts():
    assert len({draw_text(seed, 0).text for seed in range(40)}) > 35


def test_texts_hardly_ever_repeat():
    assert len({t.text for t in TEXTS}) > 0.9 * len(TEXTS)


def test_spans_point_at_values_and_do_not_overlap():
    for drawn in TEXTS:
        end = 0
        for span in drawn.spans:
            value = drawn.text[span.start : span.end]
            assert end <= span.start < span.end
            assert value.strip()
            end = span.end


def test_values_look_like_their_label():
    shapes = {
        "email": r"\S+@\S+\.\S+",
        "mac_address": r"(?i)[0-9a-f]{2,4}([:.-][0-9a-f]{2,4}){2,5}",
        "age": r"\d{1,2}",
        "cvv": r"\d{3,4}",
        "coordinate": r"(?i)-?\d+\.\d+[°NSEW, ]+-?\d+\.\d+[° EW]*",
    }
    for drawn in TEXTS:
        for span in drawn.spans:
            said_aloud = span.label == "email" and "@" not in drawn.text[span.start : span.end]
            if span.label in shapes and not said_aloud:
                assert re.fullmatch(shapes[span.label], drawn.text[span.start : span.end])


def test_the_vocabulary_is_the_policys_and_every_label_occurs():
    assert set(labels.LABELS) == set(VOCABULARY)
    assert {s.label for t in TEXTS for s in t.spans} == set(labels.LABELS)


def test_every_domain_occurs():
    assert {t.domain for t in TEXTS} == set(DOMAINS)


def test_a_good_share_of_texts_holds_nothing_personal():
    harmless = {"date_time", "date", "time", "unique_id", "url", "company_name", "city", "country", "occupation"}
    bare = sum(all(s.label in harmless for s in t.spans) for t in TEXTS)
    assert 0.25 < bare / len(TEXTS) < 0.55


@pytest.mark.parametrize("label", ["email", "url"])
def test_domains_belong_to_nobody(label):
    for drawn in TEXTS:
        for span in drawn.spans:
            if span.label == label:
                value = drawn.text[span.start : span.end].lower()
                if label == "email" and "@" not in value:  # said aloud, or its marks are lost
                    continue
                host = re.split(r"[/:?#]", value.split("@")[1] if label == "email" else re.sub(r"^\w+://", "", value))[
                    0
                ]
                assert any(host == r or host.endswith(f".{r}") for r in RESERVED), value


def test_addresses_are_private_reserved_or_for_documentation():
    for index in range(2000):
        for span in (drawn := draw_text(9, index)).spans:
            value = drawn.text[span.start : span.end]
            if span.label == "ipv4" and normalise(value) != value:  # not where digits were levelled to 1212...
                address = ipaddress.ip_address(value)
                assert not address.is_global or address in ipaddress.ip_network("198.18.0.0/15"), value


def test_prompts_withhold_labels_and_add_absent_ones():
    samples = [draw(3, i) for i in range(600)]
    assert any(not s.hits for s in samples)
    withheld = absent = 0
    for index, sample in enumerate(samples):
        used = {c for _, _, c in sample.hits}
        absent += len(used) < len(sample.prompt)
        present = {s.label for s in draw_text(3, index).spans}
        withheld += len(present) > len(used)
    assert withheld > 60
    assert absent > 500


def test_hits_name_a_prompt_entry_and_words_that_exist():
    for index in range(600):
        sample = draw(3, index)
        assert len(set(sample.prompt)) == len(sample.prompt)
        for first, last, label in [*sample.hits, *sample.ignored]:
            assert 0 <= first <= last < len(sample.words)
            assert 0 <= label < len(sample.prompt)
        assert all(last - first < MAX_WIDTH for first, last, _ in sample.hits)


def test_the_last_paraphrase_of_a_label_is_never_trained_on():
    withheld = {p[-1] for p in labels.PARAPHRASES.values()}
    trained = {e for i in range(1500) for e in draw(3, i).prompt}
    assert not withheld & trained
    assert len(trained) > 100


def test_held_out_templates_are_apart_from_the_trained_ones():
    for name in set(DOMAINS) - {"structured", "machine", "dump"}:
        grammar = template.load(name)
        held, trained = set(grammar.texts(held_out=True)), set(grammar.texts(held_out=False))
        assert held
        assert trained
        assert not held & trained


def test_a_text_that_begins_with_a_handle_opens_no_section():
    for name in set(DOMAINS) - {"structured", "machine", "dump"}:
        assert all(section.isidentifier() for section in template.load(name).sections), name


def test_every_template_can_be_filled():
    for name in set(DOMAINS) - {"structured", "machine", "dump"}:
        grammar = template.load(name)
        for section, texts in grammar.sections.items():
            for text in texts:
                filled = "".join(p.text for p in grammar.render(text, Scene(Random(1))))
                assert "[[" not in filled.replace("[[NAME]]", ""), (name, section, text)
                assert not re.search(
                    r"\{@?[a-z_0-9]+\}", filled.replace("{email}", "").replace("{name}", "").replace("${user}", "")
                )


@pytest.mark.parametrize(
    ("text", "labels_", "persons"),
    [
        (
            "Ada Byron, Kim met Lin",
            ["first_name", "last_name", "first_name", "first_name"],
            ["Ada Byron", "Kim", "Lin"],
        ),
        ("Byron, Ada and Kim Lin", ["last_name", "first_name", "first_name", "last_name"], ["Byron, Ada", "Kim Lin"]),
        ("Ada Kim", ["first_name", "first_name"], ["Ada", "Kim"]),
    ],
)
def test_a_prompt_for_persons_gets_whole_names(text, labels_, persons):
    words = list(re.finditer(r"[A-Z]\w+", text))
    spans = [Span(*m.span(), label) for m, label in zip(words, labels_, strict=True)]
    assert [text[s.start : s.end] for s in whole_names(text, spans)] == persons


def test_a_long_value_becomes_spans_end_to_end():
    words = " ".join(f"w{i}" for i in range(40))
    sample = ask(Text(words, (Span(0, len(words), "street_address"),), "form"), Random(4))
    assert [(a, b) for a, b, _ in sample.hits] == [(0, 15), (16, 31), (32, 39)]


def test_a_title_is_part_of_the_name_behind_it():
    titled = [Scene(Random(seed)).field("titled") for seed in range(60)]
    for pieces in titled:
        assert pieces[0].label in {"first_name", "last_name"}
        title, _, name = pieces[0].text.partition(" ")
        assert title in TITLES
        assert name
    assert {len(pieces) for pieces in titled} == {1, 3}  # with and without a first name


def test_what_stands_behind_a_name_is_part_of_it():
    last = [Scene(Random(seed)).field("full")[-1] for seed in range(600)]
    tailed = [piece for piece in last if piece.text.endswith(tuple(f" {suffix}" for suffix in SUFFIXES))]
    assert 5 < len(tailed) < 60
    assert {piece.label for piece in tailed} == {"last_name"}


def test_an_address_that_lost_its_marks_is_a_row_of_words():
    said = [Piece("write to "), Piece("ann.lee42@mail.example", "email")]
    written = {"".join(p.text for p in noise.stripped(said, Random(seed))) for seed in range(80)}
    assert "write to annlee42mailcom" in written
    assert "write to ann lee 42 mail com" in written
    assert not any(re.search(r"[@.]", text) for text in written)


def test_what_stands_alone_is_one_value_one_place_or_one_person():
    grammar = template.load("alone")
    for seed, text in enumerate(grammar.sections["main"]):
        found = {piece.label for piece in grammar.render(text, Scene(Random(seed))) if piece.label}
        assert len(found) <= 1 or found <= PLACES or found == {"first_name", "last_name"}, text


@pytest.mark.parametrize(
    ("pieces", "values"),
    [
        ([("5 Elm St", "street_address"), (", ", None), ("Troy", "city")], ["5 Elm St, Troy"]),
        ([("5 Elm", "street_address"), (" ", None), ("Troy", "city"), (" ", None), ("NY", "state")], ["5 Elm Troy NY"]),
        ([("5 Elm St", "street_address"), (" in ", None), ("Troy", "city")], ["5 Elm St in Troy"]),
        ([("5 Elm St", "street_address"), ("', '", None), ("Troy", "city")], ["5 Elm St", "Troy"]),
        ([("Troy", "city"), (", ", None), ("NY", "state")], ["Troy", "NY"]),
        ([("Troy", "city"), (" ", None), ("5 Elm St", "street_address")], ["Troy", "5 Elm St"]),
    ],
)  # fmt: skip
def test_a_street_and_the_town_behind_it_are_one_address(pieces, values):
    whole = whole_addresses([Piece(*piece) for piece in pieces])
    assert [piece.text for piece in whole if piece.label] == values
    assert "".join(piece.text for piece in whole) == "".join(text for text, _ in pieces)


def test_a_country_code_alone_is_nobody_and_perhaps_a_country():
    (piece,) = Scene(Random(2)).field("country_code")
    assert re.fullmatch("[A-Z]{2}", piece.text)
    assert (piece.label, piece.undecided) == (None, "country")


def test_a_third_of_machine_lines_is_shown_with_levelled_digits():
    machines = [t for t in TEXTS if t.domain in MACHINES and re.search(r"\b\d{2,}\b", t.text)]
    levelled = [t for t in machines if normalise(t.text) == t.text]
    assert 0.25 < len(levelled) / len(machines) < 0.45


@pytest.mark.parametrize("held_out", [False, True])
def test_a_dump_of_registers_holds_words_of_eight_digits_and_nothing_personal(held_out):
    drawn = [dumps.dump(Scene(Random(seed)), held_out=held_out)[0] for seed in range(200)]
    assert {piece.label for piece in drawn} == {None}
    assert sum(bool(re.search(r"(?i)\b(?:0x)?[0-9a-f]{8}\b", piece.text)) for piece in drawn) > 120


def test_a_layout_of_dumps_is_kept_for_validation():
    assert not set(dumps.LAYOUTS) & set(dumps.HELD_OUT)


def test_a_name_spelled_out_is_a_name_letter_by_letter():
    scene = Scene(Random(6))
    (last,) = (piece for piece in scene.field("full") if piece.label == "last_name")
    (spelled,) = scene.field("spelled_last")
    assert spelled.label == "last_name"
    assert re.sub("[ .-]", "", spelled.text).lower() == re.sub("[ .-]", "", last.text).lower()


def test_a_street_without_a_number_is_an_address():
    (piece,) = Scene(Random(3)).field("bare_street")
    assert piece.label == "street_address"
    assert piece.text[-1].isalpha() or piece.text[-1] == "."


def test_an_address_of_a_large_provider_never_keeps_its_marks():
    texts = [draw_text(11, i).text for i in range(3000)]
    assert any("gmailcom" in text or "gmail com" in text for text in texts)
    assert not any(re.search(r"@\w*(?:gmail|yahoo|hotmail|outlook)\b", text) for text in texts)


def test_marks_between_blanks_stay_out_of_values_that_are_nothing_without_them():
    said = [Piece("(call "), Piece("Ann O'Hara", "last_name"), Piece(", at "), Piece("192.0.2.1", "ipv4"), Piece(")")]
    spaced = noise.spaced(said)
    assert [p.text for p in spaced] == [" ( call ", "Ann O ' Hara", " , at ", "192.0.2.1", " ) "]
    assert [p.label for p in spaced] == [p.label for p in said]


def test_emoji_stand_between_words_and_in_no_value():
    said = [Piece("so proud of "), Piece("Ann Lee", "first_name"), Piece(" tonight")]
    for seed in range(40):
        shown = noise.pictured(said, Random(seed))
        assert shown[1] == said[1]
        words = "".join(c for p in shown for c in p.text if c.isascii()).split()
        assert " ".join(words) == "so proud of Ann Lee tonight"
