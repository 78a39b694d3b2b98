import pytest

from scrubber.core.labels import LABELS
from scrubber.detect.tokens.tags import Entity, entities, known_labels, tags
from scrubber.errors import ConfigError


def labels(names, own=None):
    return tags({str(number): name for number, name in enumerate(names)}, own or {})


def group(names, scores=None):
    found = labels(sorted(set(names)))
    numbers = [sorted(set(names)).index(name) for name in names]
    scores = scores or [1.0] * len(names)
    return [(e.first, e.last, e.label) for e in entities([found[n] for n in numbers], scores, range(len(names)))]


def test_every_known_label_maps_into_the_vocabulary():
    assert {label for label in known_labels().values() if label is not None} <= set(LABELS)


@pytest.mark.parametrize("name", ["B-FIRSTNAME", "I-FIRSTNAME", "S-first_name", "FirstName", "U-FIRST-NAME"])
def test_a_class_is_known_in_any_spelling(name):
    (tag,) = labels([name])
    assert tag.label == "first_name"


def test_a_class_that_nobody_knows_keeps_its_name():
    assert [tag.label for tag in labels(["B-Badge Number", "TICKET"])] == ["badge_number", "ticket"]


def test_the_users_map_goes_first_and_may_say_that_a_class_is_nothing():
    found = labels(["B-FIRSTNAME", "B-BADGE"], {"first_name": "user_name", "BADGE": None})
    assert [tag.label for tag in found] == ["user_name", None]


def test_a_class_that_can_be_no_label_is_a_config_error():
    with pytest.raises(ConfigError, match="LABEL"):
        labels(["LABEL_0" * 20])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["B-SSN", "I-SSN", "O", "I-SSN"], [(0, 1, "ssn"), (3, 3, "ssn")]),
        (["B-SSN", "B-SSN"], [(0, 0, "ssn"), (1, 1, "ssn")]),
        (["I-SSN", "I-EMAIL", "B-EMAIL"], [(0, 0, "ssn"), (1, 1, "email"), (2, 2, "email")]),
        (["B-SSN", "I-SSN", "E-SSN", "S-SSN"], [(0, 2, "ssn"), (3, 3, "ssn")]),
        (["SSN", "SSN", "O", "EMAIL"], [(0, 1, "ssn"), (3, 3, "email")]),
        (["O", "B-AMOUNT"], []),
        ([], []),
    ],
)
def test_neighbours_with_one_name_are_one_entity(names, expected):
    assert group(names) == expected


def test_the_score_is_the_mean_of_the_units():
    (tag,) = labels(["I-SSN"])
    assert entities([tag, tag], [0.5, 1.0], range(2)) == [Entity(0, 1, "ssn", 0.75)]
