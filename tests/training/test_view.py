"""Promises of the engine's view: what training shows is what the engine shows."""

import json
from random import Random

from scrubber import Scrubber
from scrubber.detect.detector import Description
from training.sample import draw_text
from training.text import Span, Text
from training.view import asked, seen


def text(parts: list[tuple[str, str | None]]) -> Text:
    whole, spans = "", []
    for part, label in parts:
        if label:
            spans.append(Span(len(whole), len(whole) + len(part), label))
        whole += part
    return Text(whole, tuple(spans), "auth")


class Listener:
    """A model that finds nothing and remembers what it was asked."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.labels: tuple[str, ...] = ()

    def detect(self, texts, plan):
        self.heard += texts
        self.labels = plan.labels
        return [[] for _ in texts]

    def warm_up(self) -> None: ...

    def describe(self) -> Description:
        return Description("listener", "0", "")

    def close(self) -> None: ...


def values(of: Text) -> list[tuple[str, str]]:
    return [(of.text[span.start : span.end], span.label) for span in of.spans]


def test_what_a_rule_is_sure_of_is_blank_and_no_value_any_more():
    drawn = seen(
        text([("Invalid user ", None), ("ann", "user_name"), (" from ", None), ("192.0.2.7", "ipv4")]), Random(1)
    )
    assert drawn.text == "Invalid user     from          "
    assert values(drawn) == []


def test_what_no_rule_finds_keeps_its_label():
    drawn = seen(
        text([("Kim", "first_name"), (" asked ann@mail.example about ", None), ("Zoë", "first_name")]), Random(1)
    )
    assert drawn.text == f"Kim asked {' ' * 16} about Zoë"
    assert values(drawn) == [("Kim", "first_name"), ("Zoë", "first_name")]


def test_a_value_of_json_stands_alone_and_keeps_only_labels_that_it_can_be_told_by():
    parts = [
        ('{"name": "', None),
        ("Ada", "first_name"),
        ('", "seat": "', None),
        ("4711-K", "customer_id"),
        ('"}', None),
    ]
    drawn = [seen(text(parts), Random(number)) for number in range(20)]
    assert {(each.text, *values(each)) for each in drawn} == {("Ada", ("Ada", "first_name")), ("4711-K",)}


def test_every_view_is_a_text_that_the_engine_gives_its_model():
    generated = [draw_text(21, number) for number in range(60)]
    listener = Listener()
    with Scrubber("logs", model=listener) as scrubber:
        for each in generated:
            if each.masked:
                continue
            listener.heard.clear()
            scrubber.scrub(each.text)
            drawn = seen(each, Random(5))
            assert drawn is None or drawn.text in listener.heard, json.dumps(each.text)
    assert set(listener.labels) == set(asked())


def test_a_view_holds_values_that_can_be_read():
    for number in range(1500):
        drawn = draw_text(22, number)
        for span in drawn.spans:
            assert 0 <= span.start < span.end <= len(drawn.text)
            assert drawn.text[span.start : span.end].strip()


def test_most_machine_lines_are_shown_as_the_engine_shows_them():
    lines = [each for each in (draw_text(23, number) for number in range(300)) if each.domain in {"auth", "infra"}]
    assert 0.4 < sum(each.masked for each in lines) / len(lines) < 0.9
