from collections import Counter

import pytest

from scrubber.core.labels import LABELS
from scrubber.detect.rules.load import builtin_rules


def test_the_pack_has_at_least_150_rules_with_ids_of_their_own():
    ids = Counter(rule.id for rule in builtin_rules())
    assert len(ids) >= 150
    assert max(ids.values()) == 1


def test_the_pack_speaks_the_one_vocabulary_of_labels():
    assert {rule.label for rule in builtin_rules()} <= set(LABELS)


def test_national_and_tax_numbers_of_25_countries_are_known_with_their_checksums():
    numbers = [rule for rule in builtin_rules() if rule.label in {"national_id", "tax_id", "ssn"}]
    checked = {rule.id[:2] for rule in numbers if rule.check not in {None, "secret"}}
    assert len(checked) >= 25


def test_every_rule_finds_its_examples_and_leaves_its_counter_examples(vectorscan, re2_set):
    """The tier runs them before it is ready, so to have the two tiers is to have passed."""
    assert vectorscan.digest == re2_set.digest
    assert all(rule.examples for rule in vectorscan.rules)


NAMED_CASES = [
    ('{"card":4111111111111111}', "credit_debit_card", "4111111111111111"),
    ('{"ssn":123456789}', "ssn", "123456789"),
    (r'{"password":"ab\"cd"}', "password", r"ab\"cd"),
    ('{"password":"first1","password":"second2"}', "password", "first1"),
    ('{"password":"first1","password":"second2"}', "password", "second2"),
    (r"bob\u0040mail.example", "email", r"bob\u0040mail.example"),
    ("bob%40mail.example", "email", "bob%40mail.example"),
    ("a@mail.example,b@mail.example", "email", "a@mail.example"),
    ("a@mail.example,b@mail.example", "email", "b@mail.example"),
    ("[2001:db8::1]:443", "ipv6", "2001:db8::1"),
    ("Authorization: Token V7x9", "api_key", "Token V7x9"),
    ('password=a"bV', "password", 'a"bV'),
    ("password=(x)V", "password", "(x)V"),
    ("tool --password V7x9 next", "password", "V7x9"),
    ("mysql -u bob -pV7x9 shop", "password", "V7x9"),
    ("<password>V7x9</password>", "password", "V7x9"),
    ("identified by 'V7x9'", "password", "V7x9"),
    ("password is V7x9", "password", "V7x9"),
    ("pay 4111-1111-1111-1111 now", "credit_debit_card", "4111-1111-1111-1111"),
]


@pytest.mark.parametrize(("text", "label", "value"), NAMED_CASES)
def test_a_named_case_is_found_whole(values, text, label, value):
    assert value in values(text)[label]


def test_a_pem_block_over_several_lines_is_found_whole(values):
    block = "-----BEGIN PRIVATE KEY-----\n" + "QUJD\n" * 9 + "-----END PRIVATE KEY-----"
    assert values(f"key:\n{block}\nend")["private_key"] == {block}


NAMED_NON_CASES = [
    "2024-05-01T10:00:00.123Z",
    "2024-05-01 10:00:00,123",
    "2024-05-01T10:00:00+02:00",
    "01/May/2024:10:00:00 +0200",
    "May  1 10:00:00",
    "Wed May 01 10:00:00 2024",
    "20240501-10:00:00:123",
    "20240501100000",
    "05-01 10:00:00.123",
    "10:00:00.123456",
    "at 1714557600 and 1714557600123",
    "v6.1.1.0",
    "Package_for_KB1~31bf~amd64~~10.0.14393.0, state",
    "build 20240501.12 thread 140494544914112",
    "123e4567-e89b-12d3-a456-426614174000",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "uid=0",
    "00:00:5e:00:53",
    "00:00:5e:00:53:01:00:00:5e:00",
    "account 123456789012 in eu-west-1",
    "arn:aws:iam::123456789012:role/x",
    "price 1999.99 EUR",
    "size 1048576 bytes, 4194304 kB",
    "listening on port 65535",
]


@pytest.mark.parametrize("text", NAMED_NON_CASES)
def test_a_named_non_case_is_left_as_it_is(values, text):
    assert values(text) == {}


def test_our_own_placeholders_are_no_values(values):
    assert values("user=<USER_NAME> password=<PASSWORD> from <IPV4>, session opened for user <USER_NAME>") == {}
