"""Long lists of short strings: a model reads neighbours together, and what it finds stays in the strings."""

import json

from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.keys import NO_KEYS
from scrubber.core.quarantine import Quarantine
from scrubber.core.spans import Span
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.texts import TextPipeline
from scrubber.policies import load_policy
from tests.detect.names import Names

WORDS = ["red", "green", "blue", "grey"] * 50


class TwoStrings(Names):
    """Knows one name, of two words that may stand in two strings."""

    def detect(self, texts, _plan):
        self.seen += texts
        return [
            [Span(text.index("Ada"), text.index("King") + 4, "first_name", 0.9, "names")] if "Ada" in text else []
            for text in texts
        ]


def scrubbed(document, **layout):
    names, policy = TwoStrings(), load_policy("logs")
    scrubber = Scrubber(
        TextPipeline(ready_tier(builtin_rules()), [names]), lambda _: policy, quarantine=Quarantine(NO_KEYS)
    )
    (answer,) = scrubber.scrub_texts([json.dumps(document, **layout).encode()])
    return json.loads(answer.text), names.seen


def test_neighbours_in_a_long_list_are_read_together():
    _, read = scrubbed({"list": WORDS})
    assert len(read) == 7
    assert [word for text in read for word in json.loads(f'["{text}"]')] == WORDS


def test_what_is_found_over_two_strings_covers_its_part_of_each():
    document, _ = scrubbed([*WORDS, 'a "b" Ada', "King\nx", *WORDS], indent=2)
    assert document == [*WORDS, 'a "b" <FIRST_NAME>', "<FIRST_NAME>\nx", *WORDS]


def test_a_few_strings_are_read_one_by_one_and_so_are_values_of_keys():
    assert scrubbed(WORDS[:60])[1] == WORDS[:60]
    assert scrubbed({f"k{number}": word for number, word in enumerate(WORDS)})[1] == WORDS


@given(st.lists(st.lists(st.text(min_size=1, max_size=300), max_size=50), min_size=2, max_size=8))
def test_every_string_with_a_letter_is_read(lists):
    _, read = scrubbed(lists)
    read = "".join(read)
    for text in (text for each in lists for text in each):
        assert not text.isascii() or not text.isalpha() or text in read
