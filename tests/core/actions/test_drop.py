import pytest

from scrubber.core.actions import DropField, DropRecord, Keep, Numbering


@pytest.mark.parametrize("action", [DropField(), DropRecord()])
def test_nothing_of_what_is_dropped_is_rendered(action):
    assert action.render("ann@mail.example", "email", Numbering()) == "<DROPPED>"


def test_only_keep_renders_the_value():
    assert Keep().render("ann@mail.example", "email", Numbering()) == "ann@mail.example"
