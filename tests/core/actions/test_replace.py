from scrubber.core.actions import Numbering, Replace


def test_the_label_stands_where_the_value_stood():
    assert Replace().render("ann@mail.example", "email", Numbering()) == "<EMAIL>"


def test_equal_values_of_a_record_have_equal_numbers_and_other_values_others():
    numbering, action = Numbering(), Replace(numbered=True)
    values = ["ann@mail.example", "bob@mail.example", "ann@mail.example"]
    assert [action.render(value, "email", numbering) for value in values] == ["<EMAIL_1>", "<EMAIL_2>", "<EMAIL_1>"]


def test_each_label_counts_for_itself_and_each_record_from_one():
    action, numbering = Replace(numbered=True), Numbering()
    action.render("ann@mail.example", "email", numbering)
    assert action.render("Ann", "first_name", numbering) == "<FIRST_NAME_1>"
    assert action.render("bob@mail.example", "email", Numbering()) == "<EMAIL_1>"


def test_a_numbering_never_prints_its_values():
    numbering = Numbering()
    numbering.number("email", "ann@mail.example")
    assert repr(numbering) == "Numbering({'email': 1})"
