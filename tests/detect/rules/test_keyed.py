"""Keys, and what may stand between them and their value."""

import pytest

from scrubber.detect.rules.load import load_rules
from scrubber.detect.rules.tier import RuleTier

RULES = """
rules:
  - {id: word, label: pin, keys: [łódź, code], value: '\\d{4}', examples: ['code «1234»']}
  - {id: foreign, label: pin, keys: [шифр], value: '\\d{4}', examples: ['шифр «1234»']}
"""


@pytest.fixture(scope="module")
def found():
    tier = RuleTier(load_rules(RULES))
    return lambda text: [text.encode()[hit.start : hit.end].decode() for hit in tier.find([text.encode()])[0]]


@pytest.mark.parametrize("key", ["łódź", "Łódź", "ŁÓDŹ", "шифр", "Шифр", "ШИФР", "CODE"])
def test_a_key_is_one_in_any_letter_case_of_any_alphabet(found, key):
    assert found(f"{key}: 1234") == ["1234"]


@pytest.mark.parametrize("gap", [" (home): ", " n° ", " ist ", " are ", " no. is "])
def test_a_word_in_brackets_or_a_number_sign_may_stand_before_the_value(found, gap):
    assert found(f"code{gap}1234") == ["1234"]


@pytest.mark.parametrize("text", ["a1234", "xłódź 1234", "code (a, b) 1234"])
def test_without_the_key_before_it_there_is_no_value(found, text):
    assert found(text) == []
