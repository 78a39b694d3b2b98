"""Lists of the names of fields: what follows a telling name in one is the next name, unless it is anything else."""

import pytest

from scrubber.core.checks.field_name import is_visibility, listed_name


def follows(before, value):
    text = before + value + b'"]'
    return listed_name(value, text, len(before))


@pytest.mark.parametrize("value", [b"email", b"created_at", b"firstName", b"new_password", b"last login"])
@pytest.mark.parametrize("before", [b'["password","', b"('password', u'", b"user\tpassword\t"])
def test_a_name_in_a_list_of_names_is_one(before, value):
    assert follows(before, value)


@pytest.mark.parametrize("value", [b"hunter", b"email1", b"Letmein", b"e-m@il", b"correct horse"])
def test_what_is_not_made_of_words_of_names_is_none(value):
    assert not follows(b'["password","', value)


@pytest.mark.parametrize("before", [b'{"password":"', b"password=", b"password ", b""])
def test_behind_a_sign_of_assignment_even_a_name_is_a_value(before):
    assert not follows(before, b"email")


@pytest.mark.parametrize("member", [b'"User":private]=>', b'App\\User":private]=>', b"private]=>", b"protected] => 1"])
def test_who_may_see_a_member_is_no_value(member):
    assert is_visibility(b'["pin":' + member, 7) or is_visibility(b'["pin":' + member, 8)


@pytest.mark.parametrize("value", [b"private", b"User", b"protected area", b"[private]"])
def test_a_word_alone_says_nothing_of_who_may_see(value):
    assert not is_visibility(b"pin=" + value, 4)
